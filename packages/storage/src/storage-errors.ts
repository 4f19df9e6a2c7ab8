/** What the operating system and lmdb refuse, as errors with our codes. */
import { statfs } from "node:fs/promises";
import { EndcapError } from "@endcap/protocol";

/** As Node names them and, lmdb-js, as numbers. */
const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG", 28, 122, 27]);
const MAP_FULL = -30792;
const EIO = 5;
/** An EIO with less room than this is taken for a full disk. */
const SCARCE_BYTES = 64 * 1024 * 1024;

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

export const isMissing = (error: unknown): boolean => codeOf(error) === "ENOENT";
export const isTaken = (error: unknown): boolean => codeOf(error) === "EEXIST";

/** `storage_full` or `storage_unavailable` for a fault at `path`. */
export async function storageError(path: string, cause: unknown): Promise<EndcapError> {
  const code = codeOf(cause);
  // lmdb answers EIO when a write was cut short, which is what a disk does first when it fills up.
  if (FULL.has(code) || code === MAP_FULL || (code === EIO && (await isScarce(path))))
    return new EndcapError("storage_full", { internal: `no room for ${path}`, cause });
  return new EndcapError("storage_unavailable", { internal: `cannot use ${path}`, cause });
}

async function isScarce(path: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize < SCARCE_BYTES;
}

/** Runs `work`; what the operating system refuses becomes one of the two, errors of other kinds stay. */
export async function translateErrors<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const refused = cause instanceof Error && ("syscall" in cause || typeof codeOf(cause) === "number");
    throw refused ? await storageError(path, cause) : cause;
  }
}
