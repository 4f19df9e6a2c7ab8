/** Prices as the page's readers write them. */

/** A formatter for `currency` in the language of `host`; an unknown language or currency falls back, never throws. */
export function priceFormat(host: Element, currency: string): (price: string) => string {
  const lang = host.closest<HTMLElement>("[lang]")?.lang || navigator.language;
  for (const locale of [lang, undefined]) {
    try {
      const format = new Intl.NumberFormat(locale, { style: "currency", currency });
      return (price) => format.format(Number(price));
    } catch {
      // The next one, or plain text.
    }
  }
  return (price) => `${price} ${currency}`;
}
