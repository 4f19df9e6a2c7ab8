import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { EndcapError } from "@endcap/protocol";
import pg from "pg";
import { packageRoot } from "../package-root.ts";

const TABLE = "control_migrations";

/**
 * Brings the database to this version's schema. Several controls may start at once: the migrations run in one
 * transaction behind an advisory lock, and the late ones wait and find nothing to do.
 * @throws EndcapError `data_dir_newer` when the database knows a migration that this version does not.
 */
export async function migrate(config: pg.ClientConfig): Promise<void> {
  const dir = join(packageRoot(), "migrations");
  const known = readdirSync(dir).map((file) => basename(file, ".sql"));
  const client = new pg.Client(config);
  client.on("error", () => {
    // The statement under way fails with the connection.
  });
  await client.connect();
  try {
    const applied = await appliedMigrations(client);
    const stranger = applied.find((name) => !known.includes(name));
    if (stranger !== undefined) {
      throw new EndcapError("data_dir_newer", {
        detail: `The database has the migration ${stranger}, which this version of Endcap does not know.`,
      });
    }
    if (applied.length === known.length) return;
    const { runner } = await import("node-pg-migrate"); // brings a glob and a TypeScript loader along: only when needed
    await runner({
      dbClient: client,
      dir,
      direction: "up",
      migrationsTable: TABLE,
      advisoryLockMode: "wait",
      log: () => {
        // Its lines are for its own command line.
      },
    });
  } finally {
    await client.end();
  }
}

async function appliedMigrations(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ exists: boolean }>("SELECT to_regclass($1) IS NOT NULL AS exists", [TABLE]);
  if (rows[0]?.exists !== true) return [];
  const applied = await client.query<{ name: string }>(`SELECT name FROM ${TABLE} ORDER BY id`);
  return applied.rows.map((row) => row.name);
}
