/** What the operating system and lmdb refuse, as errors with our codes. */
import { EndcapError } from "@endcap/protocol";

/** As Node names them and, lmdb-js, as numbers. */
const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG", 28, 122, 27]);
const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

export const isMissing = (error: unknown): boolean => codeOf(error) === "ENOENT";
export const isTaken = (error: unknown): boolean => codeOf(error) === "EEXIST";

export const isFull = (error: unknown): boolean => FULL.has(codeOf(error));

/** `storage_full` or `storage_unavailable` for a fault at `path`. */
export function storageError(path: string, cause: unknown, full = isFull(cause)): EndcapError {
  return full
    ? new EndcapError("storage_full", { internal: `no room for ${path}`, cause })
    : new EndcapError("storage_unavailable", { internal: `cannot use ${path}`, cause });
}

/** Runs `work`; what the operating system refuses becomes one of the two, errors of other kinds stay. */
export async function translateErrors<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const refused = cause instanceof Error && ("syscall" in cause || typeof codeOf(cause) === "number");
    throw refused ? storageError(path, cause) : cause;
  }
}
