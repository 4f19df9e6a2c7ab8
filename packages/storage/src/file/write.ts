import { createReadStream } from "node:fs";
import { open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectSource } from "../ports/model-store.ts";

const DRAFT = ".draft-";
/** A draft this old was left by a process that died. */
const DRAFT_AGE_MS = 3600_000;
let drafts = 0;

/** Hidden files are never keys. */
export const isHidden = (name: string): boolean => name.startsWith(".");

/** Writes the source to a hidden file of its own in `dir`, flushed. The caller links or renames it into its place. */
export async function writeDraft(dir: string, source: ObjectSource): Promise<string> {
  await removeStaleDrafts(dir);
  const path = join(dir, `${DRAFT}${process.pid}-${Date.now()}-${++drafts}`);
  const file = await open(path, "wx");
  try {
    if (source instanceof Uint8Array) await file.writeFile(source);
    else
      for await (const chunk of "path" in source ? createReadStream(source.path) : source) await file.writeFile(chunk);
    await file.sync();
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
  return path;
}

/** Makes a new name in `dir` survive a power cut. */
export async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeStaleDrafts(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!name.startsWith(DRAFT)) continue;
    const path = join(dir, name);
    const info = await stat(path).catch(() => undefined);
    // Another process may remove it first.
    if (info && Date.now() - info.mtimeMs > DRAFT_AGE_MS) await unlink(path).catch(() => undefined);
  }
}
