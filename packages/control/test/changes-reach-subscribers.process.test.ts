import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../src/postgres/database.ts";
import { launchPostgres } from "../src/postgres/launch.ts";
import { openSnapshotFeed } from "../src/snapshot/feed.ts";
import { createSnapshotSource } from "../src/snapshot/source.ts";
import { tempDir } from "./support/temp.ts";

test("writes of one moment all reach who takes only what is newer than what it has", async () => {
  const root = tempDir();
  const postgres = await launchPostgres({
    directory: join(root, "postgres"),
    logFile: join(root, "postgres.log"),
    cacheDirectory: join(root, "cache"),
  });
  onTestFinished(() => postgres.stop());
  const db = await openDatabase(postgres.connection, () => undefined);
  onTestFinished(() => db.close());
  const failures: unknown[] = [];
  const source = createSnapshotSource(db, { page: async () => [], byIds: async () => [] });
  const feed = await openSnapshotFeed(db, source, (error) => failures.push(error));
  onTestFinished(() => feed.close());

  const urls = new Map<string, string>();
  let sent = feed.version;
  feed.subscribe({
    onGap: () => failures.push("a gap"),
    onChange: ({ version, upstreams }) => {
      if (version <= sent) return; // as stream.ts does
      sent = version;
      for (const { id, url } of upstreams) urls.set(id, url);
    },
  });
  const write = (id: string, round: number) =>
    db.query(
      "INSERT INTO upstreams (id, kind, url) VALUES ($1, 'collector', $2) ON CONFLICT (id) DO UPDATE SET url = $2",
      [id, `http://127.0.0.1:${round}`],
    );
  const ids = Array.from({ length: 12 }, (_, n) => `collector-${n}`);
  for (let round = 1; round <= 20; round++) {
    await Promise.all(ids.map((id) => write(id, round)));
    // And several rows of one commit, whose notifications come together.
    await db.transaction(async (tx) => {
      for (const id of ["ml-1", "ml-2", "ml-3"]) {
        await tx.query(
          "INSERT INTO upstreams (id, kind, url) VALUES ($1, 'ml', $2) ON CONFLICT (id) DO UPDATE SET url = $2",
          [id, `http://127.0.0.1:${round}`],
        );
      }
    });
    const newest = await source.version();
    while (sent < newest) await delay(2);
    expect(Object.fromEntries(urls)).toEqual(
      Object.fromEntries([...ids, "ml-1", "ml-2", "ml-3"].map((id) => [id, `http://127.0.0.1:${round}`])),
    );
  }
  expect(failures).toEqual([]);
});
