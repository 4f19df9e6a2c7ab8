import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** The account that PostgreSQL's programs run as. */
export interface Account {
  uid: number;
  gid: number;
}

/** `nobody`: the one unprivileged account that every Linux has. */
const NOBODY: Account = { uid: 65_534, gid: 65_534 };

/** PostgreSQL refuses to run as root, so root lends it the account `nobody`; anybody else runs it as themselves. */
export function postgresAccount(): Account | undefined {
  return process.getuid?.() === 0 ? NOBODY : undefined;
}

/**
 * Whether the account may walk down to `path`. Clones below /root and directories of mkdtemp are 0700, and a program
 * started as `nobody` then fails with EACCES on its own binary.
 */
export function canReach(path: string, account: Account | undefined): boolean {
  if (account === undefined) return true;
  for (let directory = resolve(path); ; directory = dirname(directory)) {
    const { mode, uid, gid } = statSync(directory);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) return false;
    if (directory === dirname(directory)) return true;
  }
}
