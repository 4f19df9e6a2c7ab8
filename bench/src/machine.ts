import { open, readFile, rm, statfs } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { quantile, round3 } from "./stats.ts";

/** What a number was measured on. A durable append cannot be faster than `fsyncMsP50` says. */
export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly filesystem: string;
  readonly fsyncMsP50: number;
  readonly fsyncMsP99: number;
};

// statfs reports a magic number; these are the ones met in practice (linux/magic.h).
const filesystems: Readonly<Record<number, string>> = {
  61267: "ext4",
  1481003842: "xfs",
  2435016766: "btrfs",
  2035054128: "overlayfs",
  16914836: "tmpfs",
  801189825: "zfs",
  26985: "nfs",
  1702057286: "fuse",
  26: "apfs",
};

/** The filesystem a directory lies on, by its usual name or, when it is none of the above, its magic number. */
export async function filesystemOf(directory: string): Promise<string> {
  const { type } = await statfs(directory);
  return filesystems[type] ?? `0x${type.toString(16)}`;
}

/** Milliseconds of each of `count` fsyncs after a 4 KiB write, on the filesystem of `directory`. */
export async function measureFsync(directory: string, count: number): Promise<number[]> {
  const path = join(directory, `fsync-${process.pid}`);
  const file = await open(path, "w");
  const page = Buffer.alloc(4096, 1);
  const samples: number[] = [];
  try {
    for (let i = 0; i < count; i++) {
      await file.write(page, 0, page.length, i * page.length);
      const start = performance.now();
      await file.datasync();
      samples.push(performance.now() - start);
    }
  } finally {
    await file.close();
    await rm(path);
  }
  return samples;
}

async function cpuName(): Promise<string> {
  const named = cpus()[0]?.model.trim();
  if (named && named !== "unknown") return named;
  // Some virtual machines name their CPU only here, some nowhere.
  const info = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  return /^(?:model name|Hardware)\s*:\s*(.+)$/m.exec(info)?.[1] ?? process.arch;
}

/** Describes this machine; `directory` is where the bench writes. */
export async function describeMachine(directory: string): Promise<Machine> {
  const fsync = await measureFsync(directory, 100);
  return {
    cpu: await cpuName(),
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    filesystem: await filesystemOf(directory),
    fsyncMsP50: round3(quantile(fsync, 0.5)),
    fsyncMsP99: round3(quantile(fsync, 0.99)),
  };
}
