/** Places that fill up: a small tmpfs (root only), or a directory in which a process may write no file beyond a size. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  readonly name: string;
  readonly dir: string;
  /** How a process is started on it. */
  wrap(command: string[]): string[];
  /** Makes room; `pid`: the process that needs it. */
  grow(pid: number): void;
  remove(): Promise<void>;
}

const SIZE_MB = 12;
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

async function tmpfs(): Promise<SmallDisk> {
  const dir = await mkdtemp(join(tmpdir(), "endcap-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE_MB}m`, "tmpfs", dir]);
  return {
    name: "tmpfs",
    dir,
    wrap: (command) => command,
    grow: () => execFileSync("mount", ["-o", `remount,size=${4 * SIZE_MB}m`, dir]),
    async remove() {
      // Lazily: a process that was killed a moment ago may still have it.
      execFileSync("umount", ["--lazy", dir]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function limitedFiles(): Promise<SmallDisk> {
  const dir = await mkdtemp(join(tmpdir(), "endcap-full-"));
  return {
    name: "ulimit -f",
    dir,
    // In units of 1 KB; only the soft limit, so that it can be raised again.
    wrap: (command) => ["bash", "-c", `ulimit -S -f ${SIZE_MB * 1024}; exec ${command.map(quoted).join(" ")}`],
    grow: (pid) => execFileSync("prlimit", ["--pid", String(pid), "--fsize=unlimited:"]),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/** What this user may use; never none. */
export const smallDisks: readonly (readonly [name: string, make: () => Promise<SmallDisk>])[] = [
  ["files of bounded size", limitedFiles],
  ...(process.getuid?.() === 0 && canMount() ? [["a small tmpfs", tmpfs] as const] : []),
];

function canMount(): boolean {
  try {
    // Root in a container without the right to mount.
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
