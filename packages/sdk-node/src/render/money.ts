/** Prices as the page's readers write them. */

/** A formatter for each currency of a list; an unknown language or currency falls back, never throws. */
export function priceFormats(locale: string | undefined): (price: string, currency: string) => string {
  const formats = new Map<string, (price: string) => string>();
  return (price, currency) => {
    let format = formats.get(currency);
    if (!format) {
      format = priceFormat(locale, currency);
      formats.set(currency, format);
    }
    return format(price);
  };
}

function priceFormat(locale: string | undefined, currency: string): (price: string) => string {
  for (const each of [locale, undefined]) {
    try {
      const format = new Intl.NumberFormat(each, { style: "currency", currency });
      return (price) => format.format(Number(price));
    } catch {
      // The next one, or plain text.
    }
  }
  return (price) => `${price} ${currency}`;
}
