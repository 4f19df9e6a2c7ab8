import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { EndcapError } from "@endcap/protocol";
import { writeFileAtomic } from "@endcap/service-kit";

/** Layout version of the data directory. */
const LAYOUT = 1;

/** Where things lie below the data directory; docs/contracts.md says who writes what. */
export interface DataDir {
  readonly root: string;
  readonly control: string;
  readonly postgres: string;
  readonly keys: string;
  readonly tenants: string;
  readonly nodes: string;
  readonly logs: string;
  readonly cache: string;
  readonly masterKey: string;
  readonly adminToken: string;
  /** How the CLI finds a running control. */
  readonly adminFile: string;
  readonly snapshotKey: string;
  readonly snapshotPublicKey: string;
  /** Whether this call made the directory. */
  readonly isNew: boolean;
}

export function dataDirPaths(path: string): Omit<DataDir, "isNew"> {
  const root = resolve(path);
  const control = join(root, "control");
  return {
    root,
    control,
    postgres: join(control, "postgres"),
    keys: join(root, "keys"),
    tenants: join(root, "tenants"),
    nodes: join(root, "nodes"),
    logs: join(root, "logs"),
    cache: join(root, "cache"),
    masterKey: join(control, "master.key"),
    adminToken: join(control, "admin.token"),
    adminFile: join(control, "admin.json"),
    snapshotKey: join(control, "snapshot.key"),
    snapshotPublicKey: join(control, "snapshot.pub.pem"),
  };
}

/**
 * Makes the directories, or checks that this version may write in those it finds.
 * @throws EndcapError `data_dir_newer` before anything is touched
 */
export async function openDataDir(path: string): Promise<DataDir> {
  const dir = dataDirPaths(path);
  const versionFile = join(dir.root, "VERSION");
  const isNew = !existsSync(versionFile);
  if (!isNew) refuseNewer(dir.root, readFileSync(versionFile, "utf8"));
  for (const directory of [dir.root, dir.control, dir.keys, dir.tenants, dir.nodes, dir.logs]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
  if (isNew) await writeFileAtomic(versionFile, `${LAYOUT}\n`, 0o644);
  return { ...dir, isNew };
}

function refuseNewer(root: string, text: string): void {
  const found = Number(text.trim());
  if (found === LAYOUT) return;
  throw new EndcapError("data_dir_newer", {
    detail: `${root} has layout ${text.trim().slice(0, 20)}; this version of Endcap knows layout ${LAYOUT}.`,
  });
}
