/** The script tag's files: the core, and the chunks that it loads when they are first wanted. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { minify } from "terser";
import { mangleCache, mangleProps } from "./mangle.ts";

export interface BundledFile {
  /** The first 16 hex digits of its SHA-256, which is its name. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}

const named = (bytes: Uint8Array): BundledFile => ({
  hash: createHash("sha256").update(bytes).digest("hex").slice(0, 16),
  bytes,
});

export interface Bundle {
  readonly core: BundledFile;
  /** Signing and signing in: wanted once there is a session, so after the first acknowledged event. */
  readonly session: BundledFile;
  /** Recommendations and their element: wanted when a page has some. */
  readonly recommendations: BundledFile;
}

/**
 * Chromium then compiles all functions of the file while it arrives, on a thread of its own, and not one by one on the
 * page's at their first call: two thirds of a slow phone's longest task (docs/decisions/0073). Others see a comment.
 */
const COMPILE_AHEAD = "//# allFunctionsCalledOnLoad\n";

/** Terser finds 6% that esbuild leaves. Only what keeps the meaning: no `unsafe` option. */
async function squeeze(bytes: Uint8Array, module: boolean): Promise<Uint8Array> {
  const { code } = await minify(new TextDecoder().decode(bytes), {
    module,
    ecma: 2020,
    // Brotli packs statements better than long comma expressions, and one `let` better than many.
    compress: { passes: 4, sequences: false, hoist_vars: true },
  });
  if (code === undefined) throw new Error("terser gave no code");
  return new TextEncoder().encode(code);
}

const file = async (bytes: Uint8Array, module: boolean): Promise<BundledFile> =>
  named(Buffer.concat([Buffer.from(COMPILE_AHEAD), await squeeze(bytes, module)]));

const from = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const options: BuildOptions = {
  bundle: true,
  minifySyntax: true,
  minifyWhitespace: true,
  mangleProps,
  mangleCache,
  target: "es2022",
  platform: "browser",
  charset: "utf8",
  legalComments: "none",
  conditions: ["@endcap/source"],
  absWorkingDir: from(".."),
};

async function bundleFile(own: BuildOptions): Promise<Uint8Array> {
  const { outputFiles } = await build({ ...options, ...own, write: false });
  const [output] = outputFiles;
  if (!output) throw new Error("esbuild gave no file");
  return output.contents;
}

/** A shop's own bundle of the npm package: all but what is loaded on demand. */
export async function bundleModule(contents: string, resolveDir: string): Promise<Uint8Array> {
  const external = ["../session/chunk.ts", "../recommendations/chunk.ts"];
  const bytes = await bundleFile({ stdin: { contents, resolveDir, loader: "ts" }, format: "esm", external });
  return squeeze(bytes, true);
}

async function chunk(entry: string): Promise<BundledFile> {
  return file(await bundleFile({ entryPoints: [from(entry)], format: "esm" }), true);
}

/** All files, the same bytes for the same sources. */
export async function bundleScript(): Promise<Bundle> {
  const session = await chunk("../src/session/chunk.ts");
  const recommendations = await chunk("../src/recommendations/chunk.ts");
  const core = await bundleFile({
    entryPoints: [from("../src/script.ts")],
    format: "iife",
    define: {
      ENDCAP_SESSION: JSON.stringify(`${session.hash}.js`),
      ENDCAP_RECOMMENDATIONS: JSON.stringify(`${recommendations.hash}.js`),
      // A tag stands in one.
      "globalThis.document": "true",
    },
  });
  return { core: await file(core, false), session, recommendations };
}
