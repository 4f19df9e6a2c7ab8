import { EndcapError } from "@endcap/protocol";

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

export const isMissing = (error: unknown): boolean => codeOf(error) === "ENOENT";

/** Runs `work`; what the file system refuses becomes `storage_full` or `storage_unavailable`, other errors stay. */
export async function translateErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    if (FULL.has(String(codeOf(cause))))
      throw new EndcapError("storage_full", { internal: `no room for ${path}`, cause });
    throw new EndcapError("storage_unavailable", { internal: `cannot use ${path}`, cause });
  }
}
