import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Prints the URL of every module that importing the SDK resolves. */
const program = `
  import { registerHooks } from "node:module";
  const seen = [];
  registerHooks({ resolve(specifier, context, next) { const found = next(specifier, context); seen.push(found.url); return found; } });
  await import(${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)});
  console.log(JSON.stringify(seen));
`;

test("the SDK loads protocol's pure modules and nothing else: no schemas, no node: module", async () => {
  const args = ["--conditions=@endcap/source", "--input-type=module", "--eval", program];
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  const modules = JSON.parse(stdout) as string[];
  expect(modules.some((url) => url.includes("/protocol/src/http-signature"))).toBe(true);
  expect(modules.filter((url) => !/\/(sdk-node|protocol)\/src\//.test(url))).toEqual([]);
});
