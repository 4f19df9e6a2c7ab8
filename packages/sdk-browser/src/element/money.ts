/** Prices as the page's readers write them. */
import type { MoneyFormat, RecommendationAnswer } from "@endcap/protocol";

/** An amount, such as `12.50`, in words of the page. */
export type Price = (amount: string, currency: string) => string;

export const localeOf = (host: Element): string => host.closest<HTMLElement>("[lang]")?.lang || navigator.language;

/** As Intl writes it, by the data that came with the answer. */
export function write(amount: string, format: MoneyFormat): string {
  const { before, after, decimal, group, fraction, groupSize, groupFrom, zero } = format;
  const [whole = "", rest] = Number(amount).toFixed(fraction).split(".");
  const grouped =
    whole.length < groupFrom ? whole : whole.replace(RegExp(`\\B(?=(\\d{${groupSize}})*\\d{3}$)`, "g"), group);
  const number = rest ? grouped + decimal + rest : grouped;
  const first = zero.codePointAt(0) as number;
  return before + number.replace(/\d/g, (digit) => String.fromCodePoint(first + Number(digit))) + after;
}

/**
 * By the answer's formats; else by Intl, which holds a slow phone up for long the first time. An unknown language or
 * currency falls back, never throws.
 */
export function prices(host: Element, { money }: Partial<RecommendationAnswer>): Price {
  const made = new Map<string, Intl.NumberFormat | undefined>();
  return (amount, currency) => {
    const known = money?.[currency];
    if (known) return write(amount, known);
    if (!made.has(currency)) made.set(currency, intl(localeOf(host), currency));
    return made.get(currency)?.format(Number(amount)) ?? `${amount} ${currency}`;
  };
}

function intl(lang: string, currency: string): Intl.NumberFormat | undefined {
  for (const locale of [lang, undefined]) {
    try {
      return new Intl.NumberFormat(locale, { style: "currency", currency });
    } catch {
      // The next one, or plain text.
    }
  }
  return undefined;
}
