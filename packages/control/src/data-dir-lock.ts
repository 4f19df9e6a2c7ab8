import { execFileSync } from "node:child_process";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EndcapError } from "@endcap/protocol";
import Type from "typebox";
import { Value } from "typebox/value";

const Owner = Type.Object({ pid: Type.Integer({ minimum: 1 }), started: Type.String() });

/**
 * Keeps a second control off a data directory. The file names its owner by process id and start time, so that neither a
 * kill -9 nor a reused process id leaves the directory locked.
 * @throws EndcapError `data_dir_locked`
 */
export function lockDataDir(control: string): () => void {
  const file = join(control, "control.pid");
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }), { mode: 0o600 });
  try {
    while (!tryLink(mine, file)) evictDead(file);
  } finally {
    rmSync(mine, { force: true });
  }
  return () => rmSync(file, { force: true });
}

/** link(2) is the atomic "create whole or fail". */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function evictDead(file: string): void {
  const owner = ownerOf(file);
  if (owner !== undefined && isAlive(owner)) {
    throw new EndcapError("data_dir_locked", {
      detail: `Endcap (pid ${owner.pid}) already runs on this data directory.`,
    });
  }
  // Two processes may find the same dead owner: whoever moves the file away and finds a live one puts it back.
  const aside = `${file}.${process.pid}.dead`;
  try {
    renameSync(file, aside);
  } catch {
    return; // the other one was faster
  }
  const moved = ownerOf(aside);
  if (moved !== undefined && isAlive(moved)) tryLink(aside, file);
  rmSync(aside, { force: true });
}

function ownerOf(file: string): { pid: number; started: string } | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(file, "utf8"));
    return Value.Check(Owner, owner) ? owner : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, started }: { pid: number; started: string }): boolean {
  return started !== "" && startOf(pid) === started;
}

/** When a process started, as text to compare; empty when there is no such process. */
function startOf(pid: number): string {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // Field 22; the name in parentheses before it may hold spaces. Ticks since boot, so the boot id goes along.
      const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
      return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${ticks}`;
    }
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}
