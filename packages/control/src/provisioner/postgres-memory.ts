import { readdirSync, readFileSync } from "node:fs";

/**
 * Memory of a postmaster and its children in bytes: the proportional share (Pss), because they share most of theirs and
 * a sum of resident sizes would count it many times. Undefined where there is no /proc.
 */
export function postgresMemory(postmaster: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  let bytes = 0;
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || (pid !== postmaster && parentOf(pid) !== postmaster)) continue;
    try {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
      bytes += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
    } catch {
      // A backend that ended meanwhile, or one we may not look into.
    }
  }
  return bytes;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
