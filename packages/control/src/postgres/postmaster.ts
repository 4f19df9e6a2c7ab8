import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { EndcapError } from "@endcap/protocol";

/** Lines of postmaster.pid, counted from 0 (src/include/utils/pidfile.h). */
const LINE_PID = 0;
const LINE_STATUS = 7;

function lines(directory: string): string[] {
  const file = join(directory, "postmaster.pid");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
}

/** Process id that the cluster's lock file names, whether that process is alive or not. */
export function postmasterPid(directory: string): number | undefined {
  const pid = Number.parseInt(lines(directory)[LINE_PID] ?? "", 10);
  return pid > 0 ? pid : undefined;
}

/** Whether the postmaster `pid` accepts connections: the lock file's status line, as pg_ctl reads it. */
export function isReady(directory: string): boolean {
  return (lines(directory)[LINE_STATUS] ?? "").trim() === "ready";
}

/**
 * Ends a postmaster that a killed control process left behind, so that the next one can be our own child. Its process
 * id may have been given to a stranger meanwhile (a reboot, a container's small pid space): then only the file goes.
 */
export async function stopLeftover(directory: string, timeoutMs: number): Promise<void> {
  const pid = postmasterPid(directory);
  if (pid === undefined) return;
  if (!isPostgres(pid)) {
    rmSync(join(directory, "postmaster.pid"), { force: true });
    return;
  }
  process.kill(pid, "SIGINT"); // fast shutdown: roll back, checkpoint, exit
  const deadline = performance.now() + timeoutMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline) {
      throw new EndcapError("data_dir_locked", {
        detail: `PostgreSQL (pid ${pid}) still uses ${directory} and does not stop.`,
      });
    }
    await delay(20);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function isPostgres(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    const command =
      process.platform === "linux"
        ? readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0]
        : execFileSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8" });
    return /(^|\/)postgres\s*$/.test(command ?? "");
  } catch {
    return false; // gone between the two looks
  }
}
