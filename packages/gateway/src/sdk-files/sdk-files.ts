import { hash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** One file of the script-tag build, as it is sent. */
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

const fileName = "v1.js";
/** What the script loads later is named by the hash of its bytes. */
const chunkName = /^[0-9a-f]{16}\.js$/;
const lookEveryMs = 1_000;
/** Files of earlier builds that this process has served stay reachable: a cached page may still name them. */
const filesMax = 24;

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
    for (const name of readdirSync(directory))
      if (chunkName.test(name)) keep(build(readFileSync(join(directory, name))));
    latest = keep(build(readFileSync(path)));
  }

  function keep(file: SdkFile): SdkFile {
    // Set anew, so that the files of now are the last to go.
    builds.delete(file.hash);
    builds.set(file.hash, file);
    for (const old of builds.keys()) if (builds.size > filesMax) builds.delete(old);
    return file;
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
