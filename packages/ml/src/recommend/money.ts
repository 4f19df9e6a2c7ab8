import { type MoneyFormat, moneyFormat } from "@endcap/protocol";
import { LRUCache } from "lru-cache";

/** A locale is a caller's text, so there is no end of them. Some 300 bytes each. */
const formatsMax = 2_000;
/** A shop's list has one, seldom two. */
const currenciesMax = 4;

/** Puts into lists what pages need to write their prices, for callers that named a locale. */
export class Money {
  readonly #formats = new LRUCache<string, { readonly format: MoneyFormat | undefined }>({ max: formatsMax });

  /** `json` is an answer as text: a recommender's list is never parsed here. */
  into(json: string, locale: string | undefined): string {
    if (locale === undefined) return json;
    const money: Record<string, MoneyFormat> = {};
    for (const currency of currenciesOf(json)) {
      const format = this.#formatOf(locale, currency);
      if (format !== undefined) money[currency] = format;
    }
    return `{"money":${JSON.stringify(money)},${json.slice(1)}`;
  }

  #formatOf(locale: string, currency: string): MoneyFormat | undefined {
    const name = `${locale} ${currency}`;
    let known = this.#formats.get(name);
    if (known === undefined) {
      known = { format: moneyFormat(locale, currency) };
      this.#formats.set(name, known);
    }
    return known.format;
  }
}

/** Those that the answer's items name. A custom field of that name only makes one more. */
function currenciesOf(json: string): Set<string> {
  const found = new Set<string>();
  for (const [, currency = ""] of json.matchAll(/"currency":"([A-Z]{3})"/g)) {
    found.add(currency);
    if (found.size === currenciesMax) break;
  }
  return found;
}
