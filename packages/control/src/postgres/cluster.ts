import { execFile } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { EndcapError } from "@endcap/protocol";
import type { Account } from "./account.ts";
import type { Runtime } from "./runtime.ts";

/** Major version of the pinned packages. A cluster of another major version cannot be opened by their binaries. */
const POSTGRES_MAJOR = 18;

/** Superuser and database of the cluster; they exist behind a private socket only. */
export const POSTGRES_USER = "endcap";

/**
 * How the account names a directory that is its working directory. Started by root, PostgreSQL may not be able to walk
 * down to the data directory by its absolute path (a 0700 ancestor), yet it inherits it as the working directory, and
 * Linux resolves /proc/self/cwd without walking. PostgreSQL itself works with paths relative to the data directory.
 */
export function clusterArgument(directory: string, account: Account | undefined): string {
  return account !== undefined && process.platform === "linux" ? "/proc/self/cwd" : directory;
}

/** Creates the cluster when `directory` holds none; a cluster appears under its name whole or not at all. */
export async function ensureCluster(runtime: Runtime, directory: string, account: Account | undefined): Promise<void> {
  if (existsSync(join(directory, "PG_VERSION"))) {
    refuseOtherVersion(directory);
    return;
  }
  const half = `${directory}.new`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { mode: 0o700 });
  if (account !== undefined) chownSync(half, account.uid, account.gid);
  // "C" collation: byte order, the same on every machine and independent of the system's locale data.
  const args = ["-D", clusterArgument(half, account), "-U", POSTGRES_USER, "--no-locale", "--encoding=UTF8"];
  args.push("--auth-local=trust", "--auth-host=reject", "--no-instructions");
  if (process.platform === "linux") args.push("--sync-method=syncfs"); // one call instead of a thousand fsyncs
  try {
    await promisify(execFile)(join(runtime, "bin", "initdb"), args, {
      cwd: half,
      ...account,
      env: { PATH: process.env.PATH },
    });
  } catch (cause) {
    rmSync(half, { recursive: true, force: true });
    const output = cause instanceof Error && "stderr" in cause ? String(cause.stderr) : String(cause);
    if (/No space left on device|File too large/.test(output)) {
      throw new EndcapError("storage_full", {
        detail: `There is no room on the disk for the database in ${directory}.`,
        cause,
      });
    }
    throw new EndcapError("database_unavailable", { detail: `initdb failed: ${lastLine(output)}`, cause });
  }
  chmodSync(half, 0o700);
  rmSync(directory, { recursive: true, force: true });
  renameSync(half, directory);
}

function refuseOtherVersion(directory: string): void {
  const found = Number.parseInt(readFileSync(join(directory, "PG_VERSION"), "utf8"), 10);
  if (found === POSTGRES_MAJOR) return;
  const code = found > POSTGRES_MAJOR ? "data_dir_newer" : "database_unavailable";
  throw new EndcapError(code, {
    detail: `${directory} was written by PostgreSQL ${found}; this Endcap brings ${POSTGRES_MAJOR}.`,
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
