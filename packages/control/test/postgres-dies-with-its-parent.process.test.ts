import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { expect, test } from "vitest";
import { launchPostgres } from "../src/postgres/launch.ts";
import { isAlive, postmasterPid } from "../src/postgres/postmaster.ts";
import { tempDir } from "./support/temp.ts";

const launch = (root: string) =>
  launchPostgres({
    directory: join(root, "postgres"),
    logFile: join(root, "postgres.log"),
    cacheDirectory: join(root, "cache"),
  });

interface Owner {
  readonly pid: number;
  readonly connection: pg.ClientConfig;
}

async function startOwner(root: string) {
  const child = fork(join(import.meta.dirname, "support/postgres-owner-process.ts"), [root], {
    execArgv: ["--conditions=@endcap/source"],
  });
  const [told] = (await once(child, "message")) as [Owner];
  return { child, ...told };
}

async function ended(pid: number): Promise<void> {
  while (isAlive(pid)) await delay(10);
}

test("kill -9 of the parent ends the server, and no acknowledged row is lost", async () => {
  const root = tempDir();
  let acknowledged = 0;
  for (let round = 0; round < 3; round += 1) {
    const { child, pid, connection } = await startOwner(root);
    const client = new pg.Client(connection);
    client.on("error", () => undefined);
    await client.connect();
    await client.query("CREATE TABLE IF NOT EXISTS rows (n integer)");
    const { rows } = await client.query<{ count: string }>("SELECT count(*) FROM rows");
    expect(Number(rows[0]?.count)).toBeGreaterThanOrEqual(acknowledged);
    setTimeout(() => child.kill("SIGKILL"), 100 + round * 70);
    try {
      for (;;) {
        await client.query("INSERT INTO rows VALUES ($1)", [acknowledged]);
        acknowledged += 1;
      }
    } catch {
      // the server went with its parent
    }
    await ended(pid);
  }
  expect(acknowledged).toBeGreaterThan(0);
  const postgres = await launch(root);
  const client = new pg.Client(postgres.connection);
  await client.connect();
  const { rows } = await client.query<{ count: string }>("SELECT count(*) FROM rows");
  // A row may be committed whose acknowledgement did not arrive: one a round.
  expect(Number(rows[0]?.count)).toBeGreaterThanOrEqual(acknowledged);
  expect(Number(rows[0]?.count)).toBeLessThanOrEqual(acknowledged + 3);
  await client.end();
  await postgres.stop();
});

/** Field `ppid` of /proc/<pid>/stat. */
function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function childrenOf(parent: number): number[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.filter((pid) => existsSync(`/proc/${pid}/stat`) && parentOf(pid) === parent);
}

test("a server that outlived its keeper is stopped and replaced", async () => {
  const root = tempDir();
  const { child, pid } = await startOwner(root);
  const keeper = parentOf(pid);
  const watcher = childrenOf(keeper).filter((other) => other !== pid);
  expect(watcher).toHaveLength(1);
  for (const guard of [keeper, ...watcher]) process.kill(guard, "SIGKILL");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(isAlive(pid)).toBe(true);
  const postgres = await launch(root);
  expect(postgres.pid).not.toBe(pid);
  await ended(pid);
  await postgres.stop();
});

test("a stale postmaster.pid that names a stranger is put aside", async () => {
  const root = tempDir();
  await (await launch(root)).stop();
  const file = join(root, "postgres", "postmaster.pid");
  writeFileSync(file, `${process.pid}\n/somewhere\n`);
  const postgres = await launch(root);
  expect(postmasterPid(join(root, "postgres"))).toBe(postgres.pid);
  await postgres.stop();
  expect(existsSync(file)).toBe(false);
});

test("a cluster of a newer PostgreSQL is refused and left as it is", async () => {
  const root = tempDir();
  await (await launch(root)).stop();
  const file = join(root, "postgres", "PG_VERSION");
  writeFileSync(file, "19\n");
  await expect(launch(root)).rejects.toMatchObject({ code: "data_dir_newer" });
  expect(readFileSync(file, "utf8")).toBe("19\n");
});
