import { expect, test } from "vitest";
import { tidyRules } from "../tidy/rules.ts";

const findings = (path: string, text: string, bytes = text.length) =>
  tidyRules.flatMap((rule) => rule.find({ path, text, bytes }).map((place) => `${place} ${rule.name}`));

/** For each rule: a file that breaks it and where. */
const cases: Record<string, { path: string; text: string; bytes?: number; place: string }> = {
  "a path of one machine": { path: "docs/x.md", text: "run\n`/home/ann/endcap/x`", place: ":2" },
  "a package registry's host": { path: "pnpm-lock.yaml", text: "tarball: https://npm.example/x.tgz", place: ":1" },
  "unfinished work": { path: "packages/ml/src/x.ts", text: "// TODO: finish", place: ":1" },
  "a test that is left out": { path: "packages/ml/test/x.test.ts", text: "\n\ntest.skip('x')", place: ":3" },
  "a silenced type error": { path: "packages/ml/test/x.test.ts", text: "// @ts-ignore", place: ":1" },
  "an expected type error": { path: "packages/ml/src/x.ts", text: "// @ts-expect-error", place: ":1" },
  "an unexplained lint exception": { path: "a/x.ts", text: "// biome-ignore lint/style/useConst: ", place: ":1" },
  "newer syntax than the bootstrap's Node 12 knows": {
    path: "scripts/bootstrap/x.mjs",
    text: "const a = b?.c;",
    place: ":1",
  },
  "larger than 400 KiB": { path: "docs/shop.png", text: "", bytes: 400 * 1024 + 1, place: "" },
  "longer than 500 lines: more than one idea": { path: "packages/ml/src/x.ts", text: "\n".repeat(501), place: "" },
};

test("each rule finds its case, and no other rule does", () => {
  for (const [name, { path, text, bytes, place }] of Object.entries(cases)) {
    expect(findings(path, text, bytes)).toEqual([`${place} ${name}`]);
  }
  expect(Object.keys(cases)).toEqual(tidyRules.map((rule) => rule.name));
});

test("what looks alike but is fine passes", () => {
  const fine = [
    "below /root and in /home, nobody may read",
    "https://example.com/home/ann and ./work/x and /tmp/endcap-floors-1",
    "a todo list in lower case, XXL shirts, hackles",
    "skip(1); only(2); test.each([1])",
    "// biome-ignore lint/style/useConst: assigned by the caller",
    "a?.b ?? c",
    "// @ts-expect-error a purchase needs items",
  ];
  expect(findings("packages/ml/test/x.test.ts", fine.join("\n"))).toEqual([]);
  expect(findings("scripts/bootstrap/x.mjs", "// no `?.` and no `??` here\nconst a = b ? .5 : c;")).toEqual([]);
});
