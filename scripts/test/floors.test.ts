import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cruiseFloors } from "../floors/cruise.ts";
import { rules } from "../floors/rules.ts";

const packages = "protocol storage service-kit gateway collector ml recommender control sdk-node sdk-browser".split(
  " ",
);

/** For each rule, sources that break it and no other; the first of them is the one reported. */
const violations: Record<string, Record<string, string>> = {
  "protocol-has-no-io": { "packages/protocol/src/io.ts": 'import { readFile } from "node:fs"; export { readFile };' },
  "browser-has-no-node": {
    "packages/sdk-browser/src/io.ts": 'import type { Stats } from "fs"; export type { Stats };',
  },
  "protocol-is-floor-0": { "packages/protocol/src/up.ts": 'export { name } from "@endcap/storage";' },
  "floor-1-stands-on-protocol": { "packages/storage/src/aside.ts": 'export { name } from "@endcap/service-kit";' },
  "services-meet-over-the-wire": {
    "packages/gateway/src/shortcut.ts": 'import type { Name } from "@endcap/collector"; export type { Name };',
  },
  "services-use-no-sdk": { "packages/control/src/app.ts": 'export { name } from "@endcap/sdk-node";' },
  "cli-uses-sdk-node-only": { "packages/control/src/cli/shop.ts": 'export { name } from "@endcap/sdk-browser";' },
  "sdks-stand-on-protocol": { "packages/sdk-browser/src/server.ts": 'export { name } from "@endcap/sdk-node";' },
  "packages-know-no-floor-3": { "packages/ml/src/bench.ts": 'export { name } from "@endcap/bench";' },
  "heavy-parts-stay-in-control-and-training": { "packages/recommender/src/app.ts": 'export { name } from "pg";' },
  "packages-meet-by-name": { "packages/ml/src/path.ts": 'export { name } from "../../storage/src/index.ts";' },
  "no-cycle": {
    "packages/ml/src/egg.ts": 'import { hen } from "./hen.ts"; export const egg = () => hen;',
    "packages/ml/src/hen.ts": 'import { egg } from "./egg.ts"; export const hen = () => egg;',
  },
  "no-unresolved-import": { "packages/ml/src/nowhere.ts": 'export { name } from "./missing.ts";' },
  "sources-need-no-dev-dependency": { "packages/ml/src/dev.ts": 'export { name } from "only-for-tests";' },
};

/** What the rules must let through. */
const allowed: Record<string, string> = {
  "packages/control/src/cli.ts": 'export { name } from "@endcap/sdk-node";',
  "packages/control/src/postgres/pool.ts": 'export { name } from "pg";',
  "packages/recommender/src/train/export.ts": 'export { name } from "@duckdb/node-api";',
  "packages/gateway/src/app.ts": 'export { name } from "@endcap/service-kit"; export * from "node:http";',
  "packages/gateway/test/app.test.ts": 'import "only-for-tests"; import "../src/app.ts";',
  "packages/sdk-node/src/client.ts": 'export { name } from "@endcap/protocol"; export * from "node:http";',
  "packages/ml/src/up.ts": 'import type { Down } from "./down.ts"; export interface Up { down: Down }',
  "packages/ml/src/down.ts": 'import { type Up } from "./up.ts"; export interface Down { up: Up }',
  "bench/src/run.ts": 'export { name } from "@endcap/sdk-node"; export { name as other } from "@endcap/storage";',
};

let root: string;

function write(path: string, text: string) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function writePackage(dir: string, manifest: Record<string, unknown>) {
  write(join(dir, "package.json"), JSON.stringify({ version: "0.0.0", type: "module", ...manifest }));
}

/** A workspace as pnpm lays it out: sources behind the `@endcap/source` condition, linked below node_modules. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "endcap-floors-"));
  writePackage(".", { name: "floors", devDependencies: { "only-for-tests": "*" } });
  mkdirSync(join(root, "node_modules/@endcap"), { recursive: true });
  const exported = { ".": { "@endcap/source": "./src/index.ts", default: "./dist/index.js" } };
  const everyone = Object.fromEntries(packages.map((name) => [`@endcap/${name}`, "*"]));
  const outside = { pg: "*", "@duckdb/node-api": "*", "@endcap/bench": "*" };
  for (const name of [...packages, "bench"]) {
    const dir = name === "bench" ? "bench" : `packages/${name}`;
    writePackage(dir, { name: `@endcap/${name}`, exports: exported, dependencies: { ...everyone, ...outside } });
    write(`${dir}/src/index.ts`, 'export const name = "name"; export type Name = string;');
    symlinkSync(join(root, dir), join(root, "node_modules/@endcap", name));
  }
  for (const name of ["pg", "@duckdb/node-api", "only-for-tests"]) {
    writePackage(`node_modules/${name}`, { name, main: "index.js" });
    write(`node_modules/${name}/index.js`, 'export const name = "name";');
  }
  for (const [path, text] of Object.entries(allowed)) write(path, text);
});

afterAll(() => rmSync(root, { recursive: true }));

test("each rule fires on its case, and only there", async () => {
  for (const sources of Object.values(violations)) {
    for (const [path, text] of Object.entries(sources)) write(path, text);
  }
  const found = (await cruiseFloors(root)).violations.map(({ rule, from }) => `${rule.name}: ${from}`);
  for (const sources of Object.values(violations)) {
    for (const path of Object.keys(sources)) rmSync(join(root, path));
  }
  const expected = Object.entries(violations).map(([rule, sources]) => `${rule}: ${Object.keys(sources)[0]}`);
  expect(found.sort()).toEqual(expected.sort());
});

test("what the floors allow passes", async () => {
  expect((await cruiseFloors(root)).violations).toEqual([]);
});

test("no rule is without a case", () => {
  expect(Object.keys(violations).sort()).toEqual(rules.map((rule) => rule.name).sort());
});
