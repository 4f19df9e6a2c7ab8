/** Writes dist/sdk/: what a gateway or a CDN serves below /sdk/, and a manifest with the integrity hashes. */
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { type BundledFile, bundleScript } from "./bundle.ts";

const out = fileURLToPath(new URL("../dist/sdk/", import.meta.url));
const { core, session, recommendations } = await bundleScript();

/** One entry as the gateway's own /sdk/manifest.json has it. `path` is an address whose bytes never change. */
const entry = (name: string, file: BundledFile) => ({
  name,
  path: `/sdk/${file.hash}.js`,
  integrity: `sha384-${createHash("sha384").update(file.bytes).digest("base64")}`,
  bytes: file.bytes.length,
  brotliBytes: brotliCompressSync(file.bytes).length,
});
const manifest = { files: [entry("v1.js", core), entry("session", session), entry("element", recommendations)] };

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
writeFileSync(`${out}manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
for (const { hash, bytes } of [session, recommendations, core]) writeFileSync(`${out}${hash}.js`, bytes);
// Last: who sees the new script finds its chunk.
writeFileSync(`${out}v1.js`, core.bytes);
