import { type FileHandle, link, mkdir, open, readdir, rename, rm, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EndcapError, isTenantId } from "@endcap/protocol";
import { checkDataVersion } from "../data-version.ts";
import type {
  ModelStore,
  Models,
  ObjectInfo,
  ObjectSource,
  Pointer,
  Reading,
  StoredObject,
} from "../ports/model-store.ts";
import { isMissing, isTaken, translateErrors } from "../storage-errors.ts";
import { FilePointers } from "./pointers.ts";
import { isHidden, syncDir, writeDraft } from "./write.ts";

const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** Models in `<dir>/<tenant>/models`. @throws EndcapError `data_dir_newer` */
export function openFileModels(dir: string): Models {
  checkDataVersion(dirname(dir));
  checkDataVersion(dir);
  const modelsDir = (tenant: string): string => {
    if (!isTenantId(tenant)) throw new EndcapError("tenant_not_found", { internal: "not a tenant id" });
    return join(dir, tenant, "models");
  };
  return {
    open: (tenant) => new FileModelStore(modelsDir(tenant)),
    async eraseTenant(tenant) {
      await rm(modelsDir(tenant), { recursive: true, force: true });
      // The tenant's directory goes with whoever empties it last.
      await rmdir(join(dir, tenant)).catch(() => undefined);
    },
  };
}

class FileModelStore implements ModelStore {
  readonly #dir: string;
  readonly #pointers: FilePointers;

  constructor(dir: string) {
    this.#dir = dir;
    this.#pointers = new FilePointers(dir);
  }

  putIfAbsent(key: string, source: ObjectSource): Promise<boolean> {
    return this.#place(key, source, async (draft, path) => {
      try {
        // link, not rename: it refuses a name that exists, so of all racing writers one wins.
        await link(draft, path);
        return true;
      } catch (error) {
        if (isTaken(error)) return false;
        throw error;
      } finally {
        await unlink(draft);
      }
    });
  }

  async put(key: string, source: ObjectSource): Promise<void> {
    await this.#place(key, source, async (draft, path) => {
      await rename(draft, path);
      return true;
    });
  }

  async #place(
    key: string,
    source: ObjectSource,
    into: (draft: string, path: string) => Promise<boolean>,
  ): Promise<boolean> {
    const path = this.#path(key);
    return translateErrors(this.#dir, async () => {
      await mkdir(this.#dir, { recursive: true });
      const placed = await into(await writeDraft(this.#dir, source), path);
      await syncDir(this.#dir);
      return placed;
    });
  }

  async get(key: string, reading?: Reading): Promise<StoredObject | undefined> {
    const found = await this.#read(key, undefined, reading);
    return found === "unchanged" ? undefined : found;
  }

  getIfChanged(key: string, etag: string | undefined): Promise<StoredObject | "unchanged" | undefined> {
    return this.#read(key, etag);
  }

  async #read(
    key: string,
    etag: string | undefined,
    reading?: Reading,
  ): Promise<StoredObject | "unchanged" | undefined> {
    const path = this.#path(key);
    return translateErrors(path, async () => {
      const file = await openIfThere(path);
      if (!file) return undefined;
      try {
        const { size, mtimeNs, ino } = await file.stat({ bigint: true });
        const found = `${ino.toString(36)}-${mtimeNs.toString(36)}-${size.toString(36)}`;
        if (found === etag) return "unchanged";
        return { bytes: await readWhole(file, Number(size), reading), etag: found };
      } finally {
        await file.close();
      }
    });
  }

  async list(prefix = ""): Promise<ObjectInfo[]> {
    const objects: ObjectInfo[] = [];
    for (const name of await this.#names()) {
      if (isHidden(name) || !name.startsWith(prefix)) continue;
      const info = await stat(join(this.#dir, name)).catch(() => undefined);
      if (info?.isFile()) objects.push({ key: name, bytes: info.size, modifiedAt: info.mtimeMs });
    }
    return objects.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async delete(key: string): Promise<boolean> {
    const path = this.#path(key);
    return translateErrors(path, async () => {
      try {
        await unlink(path);
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    });
  }

  pointer(name: string): Promise<Pointer | undefined> {
    return this.#pointers.read(checked(name));
  }

  movePointer(name: string, expected: string | undefined, value: string): Promise<Pointer | undefined> {
    return this.#pointers.move(checked(name), expected, value);
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.#dir);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #path(key: string): string {
    return join(this.#dir, checked(key));
  }
}

/** A key is one name: no separators, no leading dot, so it cannot leave its directory. */
function checked(key: string): string {
  if (!KEY.test(key)) throw new EndcapError("invalid_request", { internal: "not a key of the model store" });
  return key;
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A read of the page cache takes about a millisecond, and so does what is usually done with it. */
const pieceBytes = 4 * 1024 * 1024;
/** Reads under way: as many as the thread pool has threads by default. */
const readsMax = 4;

/** Objects never change in place, so the size holds. */
async function readWhole(
  file: FileHandle,
  size: number,
  { room, arriving }: Reading = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = room?.(size) ?? new Uint8Array(size);
  const readPiece = async (from: number): Promise<number> => {
    const end = Math.min(from + pieceBytes, size);
    for (let at = from; at < end; ) {
      const { bytesRead } = await file.read(bytes, at, end - at, at);
      if (bytesRead === 0)
        throw new EndcapError("storage_unavailable", { internal: "an object shrank while it was read" });
      at += bytesRead;
    }
    return end;
  };
  const reads: Promise<number>[] = [];
  try {
    for (let next = 0; next < size || reads.length > 0; ) {
      for (; next < size && reads.length < readsMax; next += pieceBytes) reads.push(readPiece(next));
      const end = await (reads.shift() as Promise<number>);
      arriving?.(bytes, end);
    }
  } finally {
    // The file is closed after this, and not below a read.
    await Promise.allSettled(reads);
  }
  return bytes;
}
