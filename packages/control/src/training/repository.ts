import { randomUUID } from "node:crypto";
import { EndcapError } from "@endcap/protocol";
import { type Database, violatedConstraint } from "../postgres/database.ts";
import type { Job } from "./model.ts";

interface Row {
  id: string;
  tenant_id: string;
  kind: Job["kind"];
  reason: Job["reason"];
  state: Job["state"];
  progress: Job["progress"] | null;
  result: Job["result"] | null;
  error: Job["error"] | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
}

/** Jobs of one tenant that are listed. */
const LIST_MAX = 50;

export type JobOutcome =
  | { readonly state: "succeeded"; readonly result: Record<string, unknown> }
  | { readonly state: "failed"; readonly error: { code: string; message: string } };

export interface Jobs {
  /** A new queued job, or the tenant's open one. */
  enqueue(tenantId: string, reason: Job["reason"]): Promise<Job>;
  /** Newest first. */
  list(tenantId: string): Promise<Job[]>;
  /** Throws `job_not_found`. */
  get(id: string): Promise<Job>;
  /** The oldest queued job. */
  nextQueued(): Promise<Job | undefined>;
  start(id: string, rowsSeen: number): Promise<void>;
  progress(id: string, progress: Record<string, unknown>): Promise<void>;
  finish(id: string, outcome: JobOutcome): Promise<void>;
  /** Rows the tenant's table had when its last training began that succeeded, or found too little to train on. */
  rowsAtLastTraining(tenantId: string): Promise<number>;
  /** Jobs that a dead control left running. */
  failInterrupted(): Promise<void>;
}

export function createJobs(db: Database): Jobs {
  async function openJob(tenantId: string): Promise<Job | undefined> {
    const { rows } = await db.query<Row>("SELECT * FROM jobs WHERE tenant_id = $1 AND state IN ('queued', 'running')", [
      tenantId,
    ]);
    return rows[0] === undefined ? undefined : jobOf(rows[0]);
  }

  return {
    async enqueue(tenantId, reason) {
      for (;;) {
        const open = await openJob(tenantId);
        if (open !== undefined) return open;
        try {
          const { rows } = await db.query<Row>(
            "INSERT INTO jobs (id, tenant_id, kind, reason, state) VALUES ($1, $2, 'train', $3, 'queued') RETURNING *",
            [randomUUID(), tenantId, reason],
          );
          if (rows[0] !== undefined) return jobOf(rows[0]);
        } catch (error) {
          // Somebody else's request came between the look and the insert: theirs is the open job.
          if (violatedConstraint(error) !== "jobs_one_open_per_tenant") throw error;
        }
      }
    },
    async list(tenantId) {
      const { rows } = await db.query<Row>(
        "SELECT * FROM jobs WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT $2",
        [tenantId, LIST_MAX],
      );
      return rows.map(jobOf);
    },
    async get(id) {
      const { rows } = await db.query<Row>("SELECT * FROM jobs WHERE id = $1", [id]);
      if (rows[0] === undefined) throw new EndcapError("job_not_found");
      return jobOf(rows[0]);
    },
    async nextQueued() {
      const { rows } = await db.query<Row>("SELECT * FROM jobs WHERE state = 'queued' ORDER BY created_at LIMIT 1");
      return rows[0] === undefined ? undefined : jobOf(rows[0]);
    },
    async start(id, rowsSeen) {
      await db.query("UPDATE jobs SET state = 'running', started_at = now(), rows_seen = $2 WHERE id = $1", [
        id,
        rowsSeen,
      ]);
    },
    async progress(id, progress) {
      await db.query("UPDATE jobs SET progress = $2 WHERE id = $1", [id, progress]);
    },
    async finish(id, outcome) {
      const [result, error] = outcome.state === "succeeded" ? [outcome.result, null] : [null, outcome.error];
      await db.query("UPDATE jobs SET state = $2, result = $3, error = $4, finished_at = now() WHERE id = $1", [
        id,
        outcome.state,
        result,
        error,
      ]);
    },
    async rowsAtLastTraining(tenantId) {
      const { rows } = await db.query<{ rows_seen: number }>(
        `SELECT rows_seen FROM jobs WHERE tenant_id = $1 AND rows_seen IS NOT NULL
         AND (state = 'succeeded' OR error ->> 'code' = 'training_data_missing') ORDER BY created_at DESC LIMIT 1`,
        [tenantId],
      );
      return rows[0]?.rows_seen ?? 0;
    },
    async failInterrupted() {
      const error = { code: "internal", message: "Control ended while the training ran." };
      await db.query("UPDATE jobs SET state = 'failed', error = $1, finished_at = now() WHERE state = 'running'", [
        error,
      ]);
    },
  };
}

function jobOf(row: Row): Job {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    kind: row.kind,
    reason: row.reason,
    state: row.state,
    ...(row.progress !== null && { progress: row.progress }),
    ...(row.result !== null && { result: row.result }),
    ...(row.error !== null && { error: row.error }),
    createdAt: row.created_at.toISOString(),
    ...(row.started_at !== null && { startedAt: row.started_at.toISOString() }),
    ...(row.finished_at !== null && { finishedAt: row.finished_at.toISOString() }),
  };
}
