import { EndcapError } from "@endcap/protocol";
import pg from "pg";
import { migrate } from "./migrate.ts";

/** Anything that can run a statement: the pool, or the one connection of a transaction. */
export interface Queryable {
  query<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<R>>;
}

export interface Database extends Queryable {
  /** Runs `work` on one connection between BEGIN and COMMIT; whatever it throws rolls everything back. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  readonly config: pg.ClientConfig;
  close(): Promise<void>;
}

/** bigint columns here are counters far below 2^53: numbers are exact and friendlier than pg's default strings. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8 ? (text: string) => Number(text) : pg.types.getTypeParser(oid, format),
};

const CONNECTIONS_MAX = 10;

/** Connects, migrates and pools. */
export async function openDatabase(connection: pg.ClientConfig, onError: (error: Error) => void): Promise<Database> {
  const config: pg.ClientConfig = { ...connection, types, application_name: "endcap-control" };
  try {
    await migrate(config);
  } catch (cause) {
    throw cause instanceof EndcapError ? cause : databaseError(cause);
  }
  const pool = new pg.Pool({ ...config, max: CONNECTIONS_MAX, connectionTimeoutMillis: 5_000 });
  pool.on("error", onError); // an idle connection was lost; the pool replaces it
  pool.on("connect", (client) => {
    client.on("error", () => {
      // Lost while in use: the statement under way fails with it, and an "error" nobody hears would end the process.
    });
  });

  async function run<R extends pg.QueryResultRow>(on: Queryable, text: string, values?: unknown[]) {
    try {
      return await on.query<R>(text, values);
    } catch (error) {
      throw databaseError(error);
    }
  }
  return {
    config,
    query: (text, values) => run(pool, text, values),
    async transaction(work) {
      const client = await pool.connect().catch((error: unknown) => {
        throw databaseError(error);
      });
      let broken = false;
      try {
        await client.query("BEGIN");
        const result = await work({ query: (text, values) => run(client, text, values) });
        await client.query("COMMIT");
        return result;
      } catch (error) {
        await client.query("ROLLBACK").catch(() => {
          broken = true;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

const DISK_FULL = "53100";

/** SQLSTATE classes that callers must tell apart; a violated constraint stays a `pg.DatabaseError`. */
function databaseError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const state = "code" in error && typeof error.code === "string" ? error.code : "";
  if (state === DISK_FULL || (error instanceof pg.DatabaseError && error.hint?.includes("free disk space"))) {
    return new EndcapError("storage_full", { internal: error.message, cause: error });
  }
  const lost = !(error instanceof pg.DatabaseError) || /^(08|53|57P)/.test(state);
  return lost ? new EndcapError("storage_unavailable", { internal: error.message, cause: error }) : error;
}

/** The constraint that a statement violated, else undefined. */
export function violatedConstraint(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.constraint : undefined;
}
