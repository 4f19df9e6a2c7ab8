import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { type Check, CheckFailure, reportFindings, root } from "./check.ts";

/**
 * What a shop page pays, in bytes after brotli. Peers: Algolia Recommend 5.9 kB, Recombee 11.7, Segment 27.4.
 * A budget is a promise to shops: raise one only with the reason in the commit.
 */
const budgets: Readonly<Record<string, number>> = {
  "packages/sdk-browser/dist/endcap.js": 12_000,
};

export const sizes: Check = {
  name: "sizes",
  async run() {
    const lines: string[] = [];
    const findings: string[] = [];
    for (const [file, brotliBytesMax] of Object.entries(budgets)) {
      const path = join(root, file);
      if (!existsSync(path)) throw new CheckFailure(`${file} is not built`);
      const bytes = brotliCompressSync(readFileSync(path)).length;
      lines.push(`${file.split("/").at(-1)} ${bytes} of ${brotliBytesMax} B`);
      if (bytes > brotliBytesMax) findings.push(`${file}: ${bytes} bytes of brotli, the budget is ${brotliBytesMax}`);
    }
    reportFindings(findings);
    return lines.join(", ");
  },
};
