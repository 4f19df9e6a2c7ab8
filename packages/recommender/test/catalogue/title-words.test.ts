import { expect, it } from "vitest";
import { titleWords } from "../../src/catalogue/title-words.ts";

it("finds the words of a title, each once, whatever the case and the marks", () => {
  expect(titleWords("Oak TABLE, oak-stained (120×80 cm)")).toEqual(["oak", "table", "stained", "120", "80", "cm"]);
  expect(titleWords("Théière en fonte")).toEqual(["theiere", "en", "fonte"]);
  expect(titleWords("The\u0301ie\u0300re")).toEqual(titleWords("Théière"));
});

it("reads any script, with pairs of characters where there are no spaces", () => {
  expect(titleWords("Чайник чугунный")).toEqual(["чаиник", "чугунныи"]);
  expect(titleWords("铸铁茶壶")).toEqual(["铸铁", "铁茶", "茶壶"]);
  expect(titleWords("壶")).toEqual(["壶"]);
  expect(titleWords("إبريق شاي")).toHaveLength(2);
});

it("says nothing of a title without words, and looks at a bounded number of them", () => {
  expect(titleWords("🦆 — !!")).toEqual([]);
  expect(titleWords(Array.from({ length: 400 }, (_, n) => `w${n}`).join(" "))).toHaveLength(24);
});
