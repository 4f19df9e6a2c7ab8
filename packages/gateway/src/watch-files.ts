import { type Stats, unwatchFile, watchFile } from "node:fs";

export interface FileWatch {
  /** Replaces the set of files that are looked at. */
  set(paths: ReadonlySet<string>): void;
  close(): void;
}

const lookEveryMs = 250;

/**
 * Calls back when any of the files has another content, once it has stayed the same for a moment, so that a file that is
 * still being written is not read. It looks (`stat`) instead of subscribing: editors replace a file by renaming, and
 * Kubernetes swaps a symlink two directories away; a subscription to either follows the file that is gone.
 */
export function watchFiles(onChange: () => void): FileWatch {
  const watched = new Set<string>();
  let quiet: NodeJS.Timeout | undefined;

  function changed(now: Stats, before: Stats): void {
    if (now.mtimeMs === before.mtimeMs && now.ino === before.ino && now.size === before.size) return;
    clearTimeout(quiet);
    quiet = setTimeout(onChange, lookEveryMs * 2);
    quiet.unref();
  }

  return {
    set(paths) {
      for (const path of watched) {
        if (paths.has(path)) continue;
        unwatchFile(path, changed);
        watched.delete(path);
      }
      for (const path of paths) {
        if (watched.has(path)) continue;
        watched.add(path);
        watchFile(path, { interval: lookEveryMs, persistent: false }, changed);
      }
    },
    close() {
      clearTimeout(quiet);
      for (const path of watched) unwatchFile(path, changed);
      watched.clear();
    },
  };
}
