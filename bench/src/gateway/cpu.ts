/** CPU time and memory of a process and its children, as the kernel counts them. */
import { readdirSync, readFileSync } from "node:fs";

/** Nanoseconds on a CPU of all threads of the processes, from schedstat: exact, where `stat` counts hundredths of a second. */
export function cpuNs(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      try {
        sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ", 1)[0]);
      } catch {
        // A thread that ended between the two reads.
      }
    }
  }
  return sum;
}

/** Nanoseconds for which the process's main thread could have run and did not: its core was somebody else's. */
export function waitedNs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]);
}

/** The process and everything below it. */
export function processTree(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const below = children === "" ? [] : children.split(" ").flatMap((child) => processTree(Number(child)));
  return [pid, ...below];
}

export function rssBytes(pid: number): number {
  const [, resident = "0"] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
  return Number(resident) * 4096;
}
