import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Options } from "tsup";

interface Manifest {
  exports?: Record<string, string | { "@endcap/source"?: string }>;
  bin?: Record<string, string>;
}

/**
 * What a package builds is what its package.json promises: each `@endcap/source` of its `exports` map and each `bin`,
 * plus `src/server.ts` where there is one, which the provisioners start by path.
 */
function promisedEntries(dir: string): string[] {
  const manifest = JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as Manifest;
  const entries = new Set<string>();
  for (const target of Object.values(manifest.exports ?? {})) {
    if (typeof target === "object" && target["@endcap/source"]) entries.add(target["@endcap/source"]);
  }
  for (const file of Object.values(manifest.bin ?? {})) {
    entries.add(file.replace(/^(\.\/)?dist\//, "./src/").replace(/\.js$/, ".ts"));
  }
  if (existsSync(join(dir, "src/server.ts"))) entries.add("./src/server.ts");
  return [...entries].map((entry) => entry.replace(/^\.\//, ""));
}

/** Dependencies stay imports (tsup leaves out what package.json lists), so each is installed and patched once. */
const base = (): Options => ({
  entry: promisedEntries(process.cwd()),
  format: "esm",
  sourcemap: true,
  splitting: true,
  clean: true,
  silent: true,
});

/** A service: started by path or by its bin on our own Node. */
export const service = (overrides: Options = {}): Options => ({
  ...base(),
  target: "node22",
  platform: "node",
  ...overrides,
});

/** A published library: with type declarations, and for whatever runtime its package.json names. */
export const library = (overrides: Options = {}): Options => ({
  ...base(),
  target: "es2022",
  platform: "neutral",
  dts: true,
  ...overrides,
});
