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

/** Terser finds 6% that esbuild leaves. Only what keeps the meaning: no `unsafe` option. */
async function squeeze(bytes: Uint8Array, module: boolean): Promise<Uint8Array> {
  const { code } = await minify(new TextDecoder().decode(bytes), {
    module,
    ecma: 2020,
    // Brotli packs statements better than long comma expressions.
    compress: { passes: 4, sequences: false },
  });
  if (code === undefined) throw new Error("terser gave no code");
  return new TextEncoder().encode(code);
}

const from = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const options: BuildOptions = {
  bundle: true,
  minify: true,
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
  const [file] = outputFiles;
  if (!file) throw new Error("esbuild gave no file");
  return file.contents;
}

/** A shop's own bundle of the npm package: all but what is loaded on demand. */
export async function bundleModule(contents: string, resolveDir: string): Promise<Uint8Array> {
  const external = ["../session/chunk.ts", "../recommendations/chunk.ts"];
  const bytes = await bundleFile({ stdin: { contents, resolveDir, loader: "ts" }, format: "esm", external });
  return squeeze(bytes, true);
}

async function chunk(entry: string): Promise<BundledFile> {
  return named(await squeeze(await bundleFile({ entryPoints: [from(entry)], format: "esm" }), true));
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
    },
  });
  return { core: named(await squeeze(core, false)), session, recommendations };
}
