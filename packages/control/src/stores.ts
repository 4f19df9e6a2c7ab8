import { join } from "node:path";
import type { ControlConfig } from "./config.ts";
import type { DataDir } from "./data-dir.ts";
import { type AtRest, createAtRest, loadMasterKey } from "./keys/at-rest.ts";
import { createKeys, type Keys } from "./keys/repository.ts";
import { ensureSessionMaster } from "./keys/session-masters.ts";
import type { Log } from "./log.ts";
import { createPlacements, type Placements } from "./placements/repository.ts";
import { type Database, openDatabase } from "./postgres/database.ts";
import { type KeptPostgres, keepPostgres } from "./postgres/keep.ts";
import { createTenants, type Tenants } from "./tenants/repository.ts";
import { createJobs, type Jobs } from "./training/repository.ts";

/** The database and what is kept in it. */
export interface Stores {
  /** The embedded server; absent with a `databaseUrl`. */
  readonly postgres?: KeptPostgres;
  readonly db: Database;
  readonly atRest: AtRest;
  readonly tenants: Tenants;
  readonly keys: Keys;
  readonly placements: Placements;
  readonly jobs: Jobs;
  close(): Promise<void>;
}

export async function openStores(
  config: ControlConfig,
  dataDir: DataDir,
  log: Log,
  now: () => number,
): Promise<Stores> {
  const atRest = createAtRest(await loadMasterKey(dataDir.masterKey));
  const postgres =
    config.databaseUrl === undefined
      ? await keepPostgres(
          {
            directory: dataDir.postgres,
            logFile: join(dataDir.logs, "postgres.log"),
            cacheDirectory: dataDir.cache,
          },
          log,
        )
      : undefined;
  let db: Database | undefined;
  const close = async () => {
    await db?.close();
    await postgres?.stop();
  };
  try {
    const connection = postgres?.connection ?? { connectionString: config.databaseUrl };
    db = await openDatabase(connection, (error) => log.warn({ err: error }, "a database connection was lost"));
    await ensureSessionMaster(db, atRest);
    const jobs = createJobs(db);
    await jobs.failInterrupted();
    return {
      ...(postgres !== undefined && { postgres }),
      db,
      atRest,
      tenants: createTenants(db),
      keys: createKeys(db, atRest, now),
      placements: createPlacements(db),
      jobs,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
