/** Writes dist/sdk/: what a gateway serves below /sdk/, and a manifest with the integrity hashes. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundleScript } from "./bundle.ts";

const out = fileURLToPath(new URL("../dist/sdk/", import.meta.url));
const { core, element } = await bundleScript();
const files = [core, element];

mkdirSync(out, { recursive: true });
for (const { name, bytes } of files) writeFileSync(`${out}${name}`, bytes);

/** `files`: by name, what a tag's `integrity` attribute takes, and whether the name changes with the bytes. */
const manifest = {
  files: Object.fromEntries(
    files.map(({ name, bytes }) => [
      name,
      {
        bytes: bytes.length,
        integrity: `sha384-${createHash("sha384").update(bytes).digest("base64")}`,
        immutable: name !== core.name,
      },
    ]),
  ),
};
writeFileSync(`${out}manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);

// Pages that were open during an update still ask for the chunk of their version, so the newest old ones stay.
const keep = new Set([...files.map(({ name }) => name), "manifest.json"]);
for (const name of readdirSync(out)) if (!keep.has(name)) rmSync(`${out}${name}`);
