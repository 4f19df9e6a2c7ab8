import { hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** The script-tag build, as it is sent. */
export interface SdkFile {
  /** First 16 hex digits of its SHA-256: the name of the address that never changes. */
  readonly hash: string;
  /** For the `integrity` attribute. */
  readonly integrity: string;
  readonly plain: Buffer;
  readonly brotli: Buffer;
  readonly gzip: Buffer;
}

export interface SdkFiles {
  /** The build of now; `undefined` while there is none. */
  current(): SdkFile | undefined;
  byHash(hash: string): SdkFile | undefined;
}

const fileName = "endcap.js";
const lookEveryMs = 1_000;
/** Earlier builds that this process has served stay reachable: a cached page may still name them. */
const buildsMax = 8;

/** Looks at the built SDK at most once a second, so that a new build needs no restart and a request no disk. */
export function createSdkFiles(directory: string, now: () => number): SdkFiles {
  const builds = new Map<string, SdkFile>();
  let latest: SdkFile | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let version = "";

  function look(): void {
    if (now() - lookedAt < lookEveryMs) return;
    lookedAt = now();
    const path = join(directory, fileName);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || version === `${stats.mtimeMs} ${stats.size}`) return;
    version = `${stats.mtimeMs} ${stats.size}`;
    latest = build(readFileSync(path));
    builds.set(latest.hash, latest);
    for (const old of builds.keys()) if (builds.size > buildsMax) builds.delete(old);
  }

  return {
    current() {
      look();
      return latest;
    },
    byHash(name) {
      look();
      return builds.get(name);
    },
  };
}

function build(plain: Buffer): SdkFile {
  return {
    hash: hash("sha256", plain).slice(0, 16),
    integrity: `sha384-${hash("sha384", plain, "base64")}`,
    plain,
    brotli: brotliCompressSync(plain),
    gzip: gzipSync(plain, { level: 9 }),
  };
}
