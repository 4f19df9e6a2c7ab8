import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chownSync, closeSync, mkdirSync, openSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { EndcapError } from "@endcap/protocol";
import { postgresAccount } from "./account.ts";
import { clusterArgument, ensureCluster, POSTGRES_USER } from "./cluster.ts";
import { isReady, postmasterPid, stopLeftover } from "./postmaster.ts";
import { privateDirectory, sharedTemporaryDirectory } from "./private-directory.ts";
import { prepareRuntime } from "./runtime.ts";

export interface LaunchOptions {
  /** The cluster's directory; made when missing. */
  directory: string;
  /** File that PostgreSQL's own log is appended to. */
  logFile: string;
  /** Where a runnable copy of the binaries goes when the installed ones cannot be executed. */
  cacheDirectory: string;
  readyTimeoutMs?: number;
}

/** A running PostgreSQL, reachable through a socket in a directory of mode 0700. */
export interface Postgres {
  connection: { host: string; user: string; database: string };
  pid: number;
  /** Settles when the server has ended, for whatever reason. */
  exited: Promise<void>;
  /** Fast shutdown: open transactions are rolled back, the next start needs no recovery. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Runs "$@" and interrupts it (PostgreSQL's fast shutdown) when standard input ends. The parent holds the other end of
 * that pipe, so the kernel closes it however the parent dies, kill -9 included: no orphaned database.
 */
const KEEPER = `exec 3<&0
"$@" </dev/null 3<&- &
server=$!
(read -r _ <&3; kill -INT $server) 2>/dev/null &
watch=$!
exec 3<&-
wait $server
status=$?
kill $watch 2>/dev/null
exit $status`;

/** Small and quiet: control's database has a handful of connections and a few thousand rows. */
const SETTINGS = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  max_connections: "40",
  shared_buffers: "32MB",
  jit: "off",
  io_method: "sync", // no I/O worker processes
  wal_level: "minimal",
  max_wal_senders: "0",
  max_logical_replication_workers: "0",
  min_wal_size: "32MB",
  max_wal_size: "256MB",
  log_min_messages: "warning",
  log_line_prefix: "%m [%p] ",
};

export async function launchPostgres(options: LaunchOptions): Promise<Postgres> {
  const account = postgresAccount();
  const runtime = prepareRuntime(account, options.cacheDirectory);
  mkdirSync(dirname(options.directory), { recursive: true });
  mkdirSync(dirname(options.logFile), { recursive: true });
  await ensureCluster(runtime, options.directory, account);
  await stopLeftover(options.directory, 10_000);

  const socketDirectory = makeSocketDirectory(options.directory);
  const settings = { ...SETTINGS, unix_socket_directories: socketDirectory };
  const command = [join(runtime, "bin", "postgres"), "-D", clusterArgument(options.directory, account)];
  for (const [name, value] of Object.entries(settings)) command.push("-c", `${name}=${value}`);

  const log = openSync(options.logFile, "a", 0o600);
  if (account !== undefined) chownSync(options.logFile, account.uid, account.gid);
  const keeper = spawn("/bin/sh", ["-c", KEEPER, "endcap-postgres", ...command], {
    cwd: options.directory,
    ...account,
    detached: true, // a group of its own: Ctrl-C on a terminal reaches control alone, which stops things in order
    env: { PATH: process.env.PATH },
    stdio: ["pipe", log, log],
  });
  closeSync(log);
  const exited = new Promise<void>((resolve) => {
    keeper.once("exit", () => resolve());
    keeper.once("error", () => resolve());
  });
  keeper.stdin?.on("error", () => {
    // The keeper went first; `exited` tells.
  });

  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  const deadline = performance.now() + (options.readyTimeoutMs ?? 30_000);
  while (!isReady(options.directory)) {
    if (ended || performance.now() > deadline) {
      keeper.stdin?.end();
      throw startFailure(options.logFile);
    }
    await delay(10);
  }
  return {
    connection: { host: socketDirectory, user: POSTGRES_USER, database: "postgres" },
    pid: postmasterPid(options.directory) ?? 0,
    exited,
    async stop() {
      keeper.stdin?.end();
      await exited;
      rmSync(socketDirectory, { recursive: true, force: true });
    },
  };
}

/** Short by construction: a socket's path may have 103 bytes on macOS and 107 on Linux. */
function makeSocketDirectory(cluster: string): string {
  const account = postgresAccount();
  const digest = createHash("sha256").update(realpathSync(cluster)).digest("hex").slice(0, 12);
  const name = `endcap-pg-${process.getuid?.() ?? 0}-${digest}`;
  return privateDirectory(join(sharedTemporaryDirectory(account), name), 0o700, account);
}

function startFailure(logFile: string): EndcapError {
  const log = readFileSync(logFile, "utf8");
  const reason =
    log.split("\n").findLast((line) => /FATAL|PANIC|ERROR/.test(line)) ?? "it did not become ready in time";
  if (/No space left on device|File too large/.test(reason)) {
    return new EndcapError("storage_full", { detail: "There is no room on the disk for the database." });
  }
  return new EndcapError("database_unavailable", {
    detail: `PostgreSQL did not start: ${reason.trim()} (see ${logFile})`,
  });
}
