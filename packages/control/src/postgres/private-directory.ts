import { chmodSync, chownSync, lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { EndcapError } from "@endcap/protocol";
import { type Account, canReach } from "./account.ts";

/**
 * Makes a directory below a shared temporary directory that nobody else could have prepared for us: a link, or another
 * user's directory under the expected name, is refused. `owner` is given the directory when it is not us.
 */
export function privateDirectory(path: string, mode: number, owner?: Account): string {
  mkdirSync(path, { recursive: true, mode });
  const found = lstatSync(path);
  const us = process.getuid?.() ?? found.uid;
  const ours = found.uid === us || found.uid === owner?.uid;
  if (!found.isDirectory() || !ours) {
    throw new EndcapError("database_unavailable", {
      detail: `${path} exists and is not ours: remove it and start again.`,
    });
  }
  chmodSync(path, mode); // mkdir's mode is cut by the umask
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
  return path;
}

/** TMPDIR, unless it is too deep for a socket's path (104 bytes on macOS, 108 on Linux) or closed to the account. */
export function sharedTemporaryDirectory(account: Account | undefined): string {
  const directory = tmpdir();
  return directory.length <= 56 && canReach(directory, account) ? directory : "/tmp";
}
