import { randomBytes } from "node:crypto";
import { tenantSessionKey } from "@endcap/protocol";
import type { Queryable } from "../postgres/database.ts";
import type { AtRest } from "./at-rest.ts";

/** A generation of the key from which every tenant's session key derives. */
export interface SessionMaster {
  readonly generation: string;
  readonly key: Uint8Array;
}

/** A session key of one tenant: a gateway holds these for the tenants it serves, never the master. */
export interface SessionKey {
  readonly generation: string;
  readonly key: Uint8Array;
}

const KEY_BYTES = 32;

/** Makes the first generation; later starts, and other controls starting at the same time, find it. */
export async function ensureSessionMaster(db: Queryable, atRest: AtRest): Promise<void> {
  const sealed = atRest.seal(randomBytes(KEY_BYTES), "session:1");
  await db.query("INSERT INTO session_masters (generation, key) VALUES ('1', $1) ON CONFLICT DO NOTHING", [sealed]);
}

/** All generations under which something may still arrive, newest first. */
export async function loadSessionMasters(db: Queryable, atRest: AtRest): Promise<SessionMaster[]> {
  const { rows } = await db.query<{ generation: string; key: Buffer }>(
    `SELECT generation, key FROM session_masters WHERE retires_at IS NULL OR retires_at > now()
     ORDER BY created_at DESC, generation DESC`,
  );
  return rows.map(({ generation, key }) => ({ generation, key: atRest.open(key, `session:${generation}`) }));
}

export function sessionKeysOf(tenantId: string, masters: readonly SessionMaster[]): SessionKey[] {
  return masters.map(({ generation, key }) => ({ generation, key: tenantSessionKey(key, tenantId) }));
}
