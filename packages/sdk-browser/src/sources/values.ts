/** What shops write where an id, a number or a currency should stand. Whatever cannot be read is left out. */

import type { EventItem } from "@endcap/protocol";

/** An object of which nothing is known: each field may be anything. */
export type Loose = Readonly<Record<string, unknown>>;

/** The first of what may be one or several. */
export const first = (value: unknown): Loose | undefined => [value].flat()[0] as Loose | undefined;

/** A shop's id as the collector takes it: a text or a number, without control characters and halves of characters. */
export function idOf(value: unknown): string | undefined {
  const text = /number|string/.test(typeof value) ? `${value}`.trim() : "";
  return /^[^\p{Cc}\p{Cs}]{1,500}$/u.test(text) ? text : undefined;
}

/** A number of zero or more, also from "$1,234.50" and "1.234,50 €". */
export function numberOf(value: unknown): number | undefined {
  const text = idOf(value) ?? "none";
  // The last point or comma with one or two digits behind it is the decimal one.
  const cleaned = text
    .replace(/[^\d.,-]/g, "")
    .replace(/[.,](?!\d\d?$)/g, "")
    .replace(",", ".");
  return [Number(text), Number.parseFloat(cleaned)].find((number) => number >= 0 && number < 1e12);
}

export function currencyOf(value: unknown): string | undefined {
  const text = `${value}`.toUpperCase();
  return /^[A-Z]{3}$/.test(text) ? text : undefined;
}

/** An item of an event. What has no value does not travel. */
export const itemOf = (id: string, { price, quantity }: Loose): EventItem =>
  ({ id, price: numberOf(price), quantity: numberOf(quantity) }) as EventItem;
