/** The script tag's files: the core, and the element's chunk that it loads when an element appears. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { minify } from "terser";

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
  readonly element: BundledFile;
}

/** Terser finds 6% that esbuild leaves. Only what keeps the meaning: no `unsafe` option. */
async function squeeze(bytes: Uint8Array, module: boolean): Promise<Uint8Array> {
  const { code } = await minify(new TextDecoder().decode(bytes), { module, ecma: 2020, compress: { passes: 4 } });
  if (code === undefined) throw new Error("terser gave no code");
  return new TextEncoder().encode(code);
}

const from = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** One minified module; `entry` is relative to src/. */
export async function bundleFile(options: BuildOptions): Promise<Uint8Array> {
  const { outputFiles } = await build({
    bundle: true,
    write: false,
    minify: true,
    target: "es2022",
    platform: "browser",
    charset: "utf8",
    legalComments: "none",
    conditions: ["@endcap/source"],
    absWorkingDir: from(".."),
    ...options,
  });
  const [file] = outputFiles ?? [];
  if (!file) throw new Error("esbuild gave no file");
  return file.contents;
}

/** Both files, the same bytes for the same sources. */
export async function bundleScript(): Promise<Bundle> {
  const element = named(
    await squeeze(await bundleFile({ entryPoints: [from("../src/element/mount.ts")], format: "esm" }), true),
  );
  const core = await bundleFile({
    entryPoints: [from("../src/script.ts")],
    format: "iife",
    define: { ENDCAP_CHUNK: JSON.stringify(`${element.hash}.js`) },
  });
  return { core: named(await squeeze(core, false)), element };
}
