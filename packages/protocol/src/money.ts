/**
 * How a language writes amounts of a currency, as data. A browser's own `Intl.NumberFormat` takes 15 ms of the page's thread
 * for the first one of a process (60 and more on a phone), so what prices the answer's items have comes with the answer.
 */
import Type, { type Static } from "typebox";

export const MoneyFormat = Type.Object(
  {
    before: Type.String({ description: "What stands before the number, spaces and marks of direction included" }),
    after: Type.String(),
    decimal: Type.String(),
    group: Type.String(),
    fraction: Type.Integer({ description: "Digits behind the decimal sign" }),
    groupSize: Type.Integer({ description: "Digits of each group but the last, which has 3" }),
    groupFrom: Type.Integer({ description: "Whole parts of fewer digits are not grouped" }),
    zero: Type.String({ description: "The script's digit 0; its others follow it in Unicode" }),
  },
  { title: "MoneyFormat", description: "How the asked locale writes amounts of one currency" },
);
export type MoneyFormat = Static<typeof MoneyFormat>;

/** Whole parts never have so many digits: `DecimalString` allows twelve. */
const NEVER = 99;

/** `undefined` for a locale or a currency that is none. */
export function moneyFormat(locale: string, currency: string): MoneyFormat | undefined {
  let format: Intl.NumberFormat;
  try {
    format = new Intl.NumberFormat(locale, { style: "currency", currency });
  } catch {
    return undefined;
  }
  const parts = format.formatToParts(123_456_789);
  const isNumber = ({ type }: Intl.NumberFormatPart) => /^(integer|group|decimal|fraction)$/.test(type);
  const text = (of: readonly Intl.NumberFormatPart[]) => of.map(({ value }) => value).join("");
  const textOf = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  const isGrouped = (value: number) => format.formatToParts(value).some(({ type }) => type === "group");
  const whole = parts.filter(({ type }) => type === "integer");
  return {
    before: text(parts.slice(0, parts.findIndex(isNumber))),
    after: text(parts.slice(parts.findLastIndex(isNumber) + 1)),
    decimal: textOf("decimal"),
    group: textOf("group"),
    fraction: [...textOf("fraction")].length,
    groupSize: [...(whole.at(-2)?.value ?? "123")].length,
    groupFrom: isGrouped(1234) ? 4 : isGrouped(12_345) ? 5 : NEVER,
    zero: format.formatToParts(0).find(({ type }) => type === "integer")?.value ?? "0",
  };
}
