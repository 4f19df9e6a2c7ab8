import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../log.ts";
import { type LaunchOptions, launchPostgres, type Postgres } from "./launch.ts";

const RESTART_MS = 1_000;

/** A PostgreSQL that is started again when it ends: a full disk can make it give up. Its address stays the same. */
export interface KeptPostgres {
  readonly connection: Postgres["connection"];
  readonly pid: number;
  stop(): Promise<void>;
}

export async function keepPostgres(options: LaunchOptions, log: Log): Promise<KeptPostgres> {
  const stopping = new AbortController();
  let current = await launchPostgres(options);
  const kept = keep();

  async function keep(): Promise<void> {
    for (;;) {
      await current.exited;
      if (stopping.signal.aborted) return;
      log.error("PostgreSQL ended; starting it again");
      await relaunch();
    }
  }

  async function relaunch(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        current = await launchPostgres(options);
        return;
      } catch (error) {
        log.error({ err: error }, "PostgreSQL does not start");
        await delay(RESTART_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }

  return {
    connection: current.connection,
    get pid() {
      return current.pid;
    },
    async stop() {
      stopping.abort();
      await current.stop();
      await kept;
      await current.stop(); // one that was just being started
    },
  };
}
