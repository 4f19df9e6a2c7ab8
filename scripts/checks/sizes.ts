import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { type Check, CheckFailure, reportFindings, root } from "./check.ts";

/**
 * What a shop page pays, in bytes after brotli, by name in the SDK's manifest: the script, and the recommendations element
 * that it loads when a page has one. Peers: Algolia Recommend 5.9 kB, Recombee 11.7, Segment 27.4.
 * A budget is a promise to shops: raise one only with the reason in the commit.
 */
const budgets: Readonly<Record<string, number>> = { "v1.js": 5_000, element: 5_000 };
const directory = join(root, "packages/sdk-browser/dist");

interface Manifest {
  readonly files: readonly { readonly name: string; readonly path: string }[];
}

export const sizes: Check = {
  name: "sizes",
  async run() {
    const manifestPath = join(directory, "sdk/manifest.json");
    if (!existsSync(manifestPath)) throw new CheckFailure("the browser SDK's script is not built");
    const { files } = JSON.parse(readFileSync(manifestPath, "utf8")) as Manifest;
    const lines: string[] = [];
    const findings: string[] = [];
    for (const [name, brotliBytesMax] of Object.entries(budgets)) {
      const path = files.find((file) => file.name === name)?.path;
      if (path === undefined) throw new CheckFailure(`${name} is not in the manifest`);
      const bytes = brotliCompressSync(readFileSync(join(directory, path))).length;
      lines.push(`${name} ${bytes} of ${brotliBytesMax} B`);
      if (bytes > brotliBytesMax) findings.push(`${name}: ${bytes} bytes of brotli, the budget is ${brotliBytesMax}`);
    }
    reportFindings(findings);
    return lines.join(", ");
  },
};
