/** Why a commit failed, in our codes. */
import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { EndcapError } from "@endcap/protocol";
import { isFull, storageError } from "../storage-errors.ts";

const MAP_FULL = -30792;
const EIO = 5;
const PROBE_MARGIN_BYTES = 1024 * 1024;

/** `reason`: what lmdb-js rejected with; `bytes`: about how much the commit would have written to `dir`. */
export async function commitError(dir: string, reason: unknown, bytes: number): Promise<EndcapError> {
  const cause = await causeOf(reason);
  return storageError(dir, cause, isFull(cause) || (await isCutShort(dir, cause, bytes)));
}

/** lmdb-js says "commit failed" and gives the cause, an errno, as a promise. */
async function causeOf(reason: unknown): Promise<unknown> {
  if (!(reason instanceof Error) || !("commitError" in reason)) return reason;
  try {
    return await reason.commitError;
  } catch (cause) {
    return cause;
  }
}

/**
 * lmdb answers EIO when the system wrote less than it was given, which is what a file system, a quota or a limit does
 * first when it is full; it only names the reason when asked for more. So ask, with a file as long as the table's.
 */
async function isCutShort(dir: string, cause: unknown, bytes: number): Promise<boolean> {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code !== EIO) return code === MAP_FULL;
  const path = join(dir, `.probe-${process.pid}`);
  try {
    const { size } = await stat(join(dir, "data.mdb"));
    const probe = await open(path, "w");
    try {
      const more = Buffer.alloc(bytes + PROBE_MARGIN_BYTES, 1);
      for (let at = 0; at < more.length; )
        at += (await probe.write(more, at, more.length - at, size + at)).bytesWritten;
    } finally {
      await probe.close();
    }
    return false;
  } catch (error) {
    return isFull(error);
  } finally {
    await rm(path, { force: true });
  }
}
