import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EndcapError } from "@endcap/protocol";

/** The layout this code writes. Raised when an older process could misread what a newer one wrote. */
export const DATA_VERSION = 1;

/**
 * Refuses a directory that a newer version of Endcap has written to. A directory without a VERSION file is of version 1.
 * @throws EndcapError `data_dir_newer`
 */
export function checkDataVersion(dir: string): void {
  const path = join(dir, "VERSION");
  if (!existsSync(path)) return;
  const text = readFileSync(path, "utf8").trim();
  if (/^\d+$/.test(text) && Number(text) <= DATA_VERSION) return;
  throw new EndcapError("data_dir_newer", {
    detail: `The data directory has version ${text.slice(0, 20)}; this Endcap knows versions up to ${DATA_VERSION}.`,
    internal: `${path} says ${text.slice(0, 20)}, this process knows up to ${DATA_VERSION}`,
  });
}

/** Makes the data directory if there is none and marks it with this version; refuses a newer one. */
export function claimDataDir(dir: string): void {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, "VERSION");
  if (!existsSync(path)) {
    // Written aside and linked, so that nobody reads half a file.
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, `${DATA_VERSION}\n`, { flush: true });
    try {
      linkSync(draft, path);
    } catch (error) {
      if (!existsSync(path)) throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }
  checkDataVersion(dir);
}
