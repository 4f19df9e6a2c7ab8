import { mkdirSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import type { DataDir } from "../data-dir.ts";
import type { Log } from "../log.ts";
import type { Database } from "../postgres/database.ts";
import type { Tenants } from "../tenants/repository.ts";
import type { Job } from "./model.ts";
import type { Jobs } from "./repository.ts";
import { runTraining } from "./run.ts";

export interface TrainerOptions {
  readonly db: Database;
  readonly jobs: Jobs;
  readonly tenants: Tenants;
  readonly dataDir: DataDir;
  readonly tables: string;
  readonly models: string;
  /** Rows in a tenant's live table now. */
  readonly countRows: (tenantId: string) => Promise<number>;
  /** 0: on demand only. */
  readonly everyMs: number;
  readonly newRowsMin: number;
  readonly log: Log;
}

export interface Trainer {
  /** The job that trains the tenant next: a new one, or the one that is open already. */
  request(tenantId: string, reason: Job["reason"]): Promise<Job>;
  /** Ends the tenant's training if it runs now, and waits for that. */
  cancel(tenantId: string): Promise<void>;
  /** Ends a running training; its job is told to have failed. */
  stop(): Promise<void>;
}

/** First half of the advisory lock's key; the second is the hash of the tenant id. */
const LOCK_SPACE = 0x7e4a;

/** Trains one tenant at a time, in the order of asking: a training takes a whole core. */
export function createTrainer(options: TrainerOptions): Trainer {
  const { jobs, log } = options;
  const stopping = new AbortController();
  let working: Promise<void> | undefined;
  let asked = false;
  let running: { tenantId: string; abort: AbortController; ended: Promise<void> } | undefined;

  async function work(): Promise<void> {
    while (asked && !stopping.signal.aborted) {
      asked = false;
      const job = await jobs.nextQueued();
      if (job === undefined) continue;
      asked = true;
      const abort = new AbortController();
      running = { tenantId: job.tenantId, abort, ended: train(job, abort.signal) };
      await running.ended;
      running = undefined;
    }
    working = undefined; // in the same turn as the last look at `asked`: no request falls between
  }

  function wake(): void {
    asked = true;
    working ??= work().catch((error: unknown) => {
      working = undefined;
      log.error({ err: error }, "the training queue stopped");
    });
  }

  async function train(job: Job, signal: AbortSignal): Promise<void> {
    const { tenantId } = job;
    // Held by a connection, so that a dead control lets go of it; it keeps other controls off this tenant.
    const lock = new pg.Client(options.db.config);
    lock.on("error", () => {
      // The lock goes with its connection; the unique index on open jobs still keeps a second training off.
    });
    await lock.connect();
    try {
      await lock.query("SELECT pg_advisory_lock($1, hashtext($2))", [LOCK_SPACE, tenantId]);
      await jobs.start(job.id, await options.countRows(tenantId));
      const exportsDir = join(options.dataDir.tenants, tenantId, "exports");
      mkdirSync(exportsDir, { recursive: true, mode: 0o700 });
      const outcome = await runTraining({
        tenantId,
        tables: options.tables,
        models: options.models,
        exportsDir,
        logFile: join(options.dataDir.logs, "train.log"),
        onProgress: (progress) => {
          jobs
            .progress(job.id, progress)
            .catch((error: unknown) => log.warn({ err: error }, "progress was not recorded"));
        },
        signal,
      });
      await jobs.finish(job.id, outcome);
      log.info({ tenant: tenantId, job: job.id, outcome }, "training ended");
    } catch (error) {
      log.error({ err: error, tenant: tenantId }, "training failed");
      await jobs.finish(job.id, {
        state: "failed",
        error: { code: "internal", message: "The training could not be run; see the log." },
      });
    } finally {
      await lock.end();
    }
  }

  async function look(): Promise<void> {
    for (const tenant of await options.tenants.list()) {
      if (tenant.state !== "active") continue;
      const gained = (await options.countRows(tenant.id)) - (await jobs.rowsAtLastTraining(tenant.id));
      if (gained >= options.newRowsMin) await jobs.enqueue(tenant.id, "schedule");
    }
    wake();
  }

  const timer =
    options.everyMs === 0
      ? undefined
      : setInterval(() => {
          look().catch((error: unknown) => log.error({ err: error }, "the training schedule failed"));
        }, options.everyMs);
  wake(); // what was queued before a restart

  return {
    async request(tenantId, reason) {
      const job = await jobs.enqueue(tenantId, reason);
      wake();
      return job;
    },
    async cancel(tenantId) {
      if (running?.tenantId !== tenantId) return;
      running.abort.abort();
      await running.ended;
    },
    async stop() {
      clearInterval(timer);
      stopping.abort();
      running?.abort.abort();
      await working;
    },
  };
}
