/** What a shop page pays, in bytes after brotli: `--json` prints one line. Exits 1 above the budget. */
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { bundleFile, bundleScript } from "./bundle.ts";

/** The core is every byte before the first acknowledged event; the element comes when a page has one. */
const BUDGET = { coreBytes: 5000, recommendationsBytes: 5000, moduleBytes: 5000 };

const brotli = (bytes: Uint8Array): number =>
  brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  }).length;

const { core, element } = await bundleScript();
const module = await bundleFile({
  stdin: {
    contents: `import { init, track } from "./index.ts"; init({ key: "", endpoint: "" }); track("page_view");`,
    resolveDir: fileURLToPath(new URL("../src/", import.meta.url)),
    loader: "ts",
  },
  format: "esm",
  splitting: true,
  outdir: "out",
});

const figures = {
  coreBytes: brotli(core.bytes),
  recommendationsBytes: brotli(element.bytes),
  moduleBytes: brotli(module),
};
const over = Object.entries(BUDGET).filter(([name, max]) => figures[name as keyof typeof figures] > max);

if (process.argv.includes("--json")) {
  process.stdout.write(`${JSON.stringify({ bench: "size", ok: over.length === 0, figures })}\n`);
} else {
  for (const [name, bytes] of Object.entries(figures)) process.stdout.write(`${name} ${bytes}\n`);
}
for (const [name, max] of over) process.stderr.write(`${name} is over its budget of ${max} bytes\n`);
if (over.length > 0) process.exitCode = 1;
