import { randomFillSync } from "node:crypto";
import {
  decodeSecret,
  EndcapError,
  type Environment,
  type KeyKind,
  LIMITS,
  newKeyId,
  newSecret,
  type Scope,
} from "@endcap/protocol";
import type { Database, Queryable } from "../postgres/database.ts";
import type { AtRest } from "./at-rest.ts";
import { type CreateKey, type IssuedKey, type Key, PUBLISHABLE_SCOPES, SECRET_SCOPES_DEFAULT } from "./model.ts";

interface Row {
  id: string;
  tenant_id: string;
  kind: KeyKind;
  env: Environment;
  name: string | null;
  scopes: Scope[];
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
  replaced_by: string | null;
}

const COLUMNS = "id, tenant_id, kind, env, name, scopes, created_at, expires_at, revoked_at, replaced_by";

export interface Keys {
  /** Throws `key_limit` at a third active key of the kind and environment. */
  issue(tx: Queryable, tenantId: string, input: CreateKey): Promise<IssuedKey>;
  list(tenantId: string): Promise<Key[]>;
  /** Idempotent: a key stays revoked at the first time. Throws `key_not_found`. */
  revoke(tenantId: string, keyId: string): Promise<Key>;
  /** Ends a key and forgets it. Throws `key_not_found`. */
  remove(tenantId: string, keyId: string): Promise<void>;
  /** A new key with the old one's scopes, name and expiry; the old one ends at min(its own expiry, the overlap's end). */
  rotate(tenantId: string, keyId: string, overlapSeconds: number): Promise<IssuedKey>;
}

export function createKeys(db: Database, atRest: AtRest, now: () => number): Keys {
  /** Serialises changes of a tenant's keys, so that two requests cannot both see room for one more. */
  async function lockTenant(tx: Queryable, tenantId: string): Promise<void> {
    const { rows } = await tx.query("SELECT 1 FROM tenants WHERE id = $1 AND state <> 'deleting' FOR UPDATE", [
      tenantId,
    ]);
    if (rows.length === 0) throw new EndcapError("tenant_not_found");
  }

  async function find(tx: Queryable, tenantId: string, keyId: string): Promise<Row> {
    const { rows } = await tx.query<Row>(`SELECT ${COLUMNS} FROM keys WHERE tenant_id = $1 AND id = $2`, [
      tenantId,
      keyId,
    ]);
    if (rows[0] === undefined) throw new EndcapError("key_not_found");
    return rows[0];
  }

  async function insert(tx: Queryable, tenantId: string, input: CreateKey): Promise<IssuedKey> {
    const env = input.env ?? "live";
    const at = new Date(now());
    const active = await tx.query(
      `SELECT 1 FROM keys WHERE tenant_id = $1 AND kind = $2 AND env = $3
       AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $4)`,
      [tenantId, input.kind, env, at],
    );
    if (active.rows.length >= LIMITS.activeKeysPerKindMax) throw new EndcapError("key_limit");

    const id = newKeyId(input.kind, env, randomFillSync);
    const secret = input.kind === "secret" ? newSecret(randomFillSync) : undefined;
    const bytes = secret === undefined ? null : decodeSecret(secret);
    const { rows } = await tx.query<Row>(
      `INSERT INTO keys (id, tenant_id, kind, env, name, scopes, secret, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ${COLUMNS}`,
      [
        id,
        tenantId,
        input.kind,
        env,
        input.name ?? null,
        scopesOf(input),
        bytes === null ? null : atRest.seal(bytes, id),
        at,
        input.expiresAt ?? null,
      ],
    );
    const row = rows[0];
    if (row === undefined) throw new EndcapError("internal", { internal: "INSERT INTO keys returned no row" });
    return { ...keyOf(row, now()), ...(secret !== undefined && { secret }) };
  }

  return {
    async issue(tx, tenantId, input) {
      await lockTenant(tx, tenantId);
      return insert(tx, tenantId, input);
    },
    async list(tenantId) {
      const { rows } = await db.query<Row>(`SELECT ${COLUMNS} FROM keys WHERE tenant_id = $1 ORDER BY created_at, id`, [
        tenantId,
      ]);
      return rows.map((row) => keyOf(row, now()));
    },
    async revoke(tenantId, keyId) {
      const { rows } = await db.query<Row>(
        `UPDATE keys SET revoked_at = coalesce(revoked_at, $3) WHERE tenant_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
        [tenantId, keyId, new Date(now())],
      );
      if (rows[0] === undefined) throw new EndcapError("key_not_found");
      return keyOf(rows[0], now());
    },
    async remove(tenantId, keyId) {
      const { rowCount } = await db.query("DELETE FROM keys WHERE tenant_id = $1 AND id = $2", [tenantId, keyId]);
      if (rowCount === 0) throw new EndcapError("key_not_found");
    },
    rotate: (tenantId, keyId, overlapSeconds) =>
      db.transaction(async (tx) => {
        await lockTenant(tx, tenantId);
        const old = await find(tx, tenantId, keyId);
        if (keyOf(old, now()).state !== "active") {
          throw new EndcapError("key_not_found", { detail: "The key is not active any more: create a new one." });
        }
        const end = new Date(now() + overlapSeconds * 1000);
        if (overlapSeconds === 0) {
          await tx.query("UPDATE keys SET revoked_at = $2 WHERE id = $1", [keyId, end]);
        } else {
          await tx.query("UPDATE keys SET expires_at = least(expires_at, $2) WHERE id = $1", [keyId, end]);
        }
        const issued = await insert(tx, tenantId, {
          kind: old.kind,
          env: old.env,
          scopes: old.scopes,
          ...(old.name !== null && { name: old.name }),
          ...(old.expires_at !== null && { expiresAt: old.expires_at.toISOString() }),
        });
        await tx.query("UPDATE keys SET replaced_by = $2 WHERE id = $1", [keyId, issued.id]);
        return issued;
      }),
  };
}

function scopesOf(input: CreateKey): readonly Scope[] {
  if (input.kind === "secret") return input.scopes ?? SECRET_SCOPES_DEFAULT;
  if (input.scopes?.some((scope) => !PUBLISHABLE_SCOPES.includes(scope))) {
    throw new EndcapError("invalid_request", { errors: [{ pointer: "/scopes", code: "scope_of_secret_keys" }] });
  }
  return input.scopes ?? PUBLISHABLE_SCOPES;
}

function keyOf(row: Row, nowMs: number): Key {
  const expired = row.expires_at !== null && row.expires_at.getTime() <= nowMs;
  return {
    id: row.id,
    tenantId: row.tenant_id,
    kind: row.kind,
    env: row.env,
    ...(row.name !== null && { name: row.name }),
    scopes: [...row.scopes],
    state: row.revoked_at !== null ? "revoked" : expired ? "expired" : "active",
    createdAt: row.created_at.toISOString(),
    ...(row.expires_at !== null && { expiresAt: row.expires_at.toISOString() }),
    ...(row.revoked_at !== null && { revokedAt: row.revoked_at.toISOString() }),
    ...(row.replaced_by !== null && { replacedBy: row.replaced_by }),
  };
}
