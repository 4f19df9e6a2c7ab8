/** Prices by the answer's formats are Intl's to the letter, in every language and currency that this Node knows. */
import { moneyFormat } from "@endcap/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { write } from "../src/element/money.ts";

/** Languages whose numbers differ in something: signs, groups, digits of their own, sides of the currency, direction. */
const LOCALES =
  "en en-IE en-IN de de-AT de-CH fr fr-CH it es pt pt-BR pt-CV pl nl da sv nb fi tr cs hu ro bg lv et ru uk el he ar ar-EG fa ur hi bn mr ne ta my km th vi id ja ko zh zh-Hant ff-Adlm ccp sw am ka hy az kk uz".split(
    " ",
  );
const CURRENCIES = Intl.supportedValuesOf("currency");

test("every language and currency", () => {
  for (const locale of LOCALES) {
    for (const currency of CURRENCIES) {
      const format = moneyFormat(locale, currency);
      if (!format) throw new Error(`no format of ${currency} in ${locale}`);
      const intl = new Intl.NumberFormat(locale, { style: "currency", currency });
      for (const amount of ["0", "7.5", "349", "1234", "12345", "1234567"]) {
        expect(write(amount, format), `${amount} ${currency} in ${locale}`).toBe(intl.format(Number(amount)));
      }
    }
  }
});

test("every amount of cents that a catalogue can hold", () => {
  const formats = LOCALES.map((locale) => {
    const format = moneyFormat(locale, "EUR");
    if (!format) throw new Error(locale);
    return { format, intl: new Intl.NumberFormat(locale, { style: "currency", currency: "EUR" }) };
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e14 - 1 }), fc.constantFrom(...formats), (cents, { format, intl }) => {
      const amount = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
      expect(write(amount, format)).toBe(intl.format(Number(amount)));
    }),
    { numRuns: 2000 },
  );
});

test("what is no language or no currency has no format", () => {
  expect(moneyFormat("en_IE!", "EUR")).toBeUndefined();
  expect(moneyFormat("en", "not money")).toBeUndefined();
});
