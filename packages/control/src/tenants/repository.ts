import { randomFillSync } from "node:crypto";
import { DEFAULT_PLACEMENTS, EndcapError, newTenantId, type TenantSettings, type Tier } from "@endcap/protocol";
import { type Database, type Queryable, violatedConstraint } from "../postgres/database.ts";
import type { CreateTenant, Tenant, UpdateTenant } from "./model.ts";

interface Row {
  id: string;
  slug: string;
  name: string;
  tier: Tier;
  state: Tenant["state"];
  origins: string[];
  settings: TenantSettings;
  limits: Tenant["limits"];
  created_at: Date;
  updated_at: Date;
}

const DEFAULT_SETTINGS: TenantSettings = {
  enabled: true,
  noBearer: false,
  noBootstrap: false,
  consent: "none",
  observeCatalogue: false,
};

export interface Tenants {
  /** Inserts the tenant with the default placements, inside the caller's transaction. Throws `slug_taken`. */
  create(tx: Queryable, input: CreateTenant): Promise<Tenant>;
  list(): Promise<Tenant[]>;
  /** By id or slug. Throws `tenant_not_found`. */
  get(idOrSlug: string): Promise<Tenant>;
  /** Changes the named fields; `settings` and `limits` are merged. */
  update(idOrSlug: string, input: UpdateTenant): Promise<Tenant>;
  /** From here on no gateway knows the tenant, and the reconciler takes its processes and data down. Idempotent. */
  markDeleting(idOrSlug: string): Promise<Tenant>;
  /** The last step of a deletion: the row goes to the archive, with it every key, placement and job. */
  archive(id: string): Promise<void>;
}

export function createTenants(db: Database): Tenants {
  async function find(tx: Queryable, idOrSlug: string, lock = ""): Promise<Tenant> {
    const { rows } = await tx.query<Row>(`SELECT * FROM tenants WHERE id = $1 OR slug = $1 ${lock}`, [idOrSlug]);
    if (rows[0] === undefined) throw new EndcapError("tenant_not_found");
    return tenantOf(rows[0]);
  }

  return {
    async create(tx, input) {
      const id = newTenantId(randomFillSync);
      const settings = { ...DEFAULT_SETTINGS, ...input.settings };
      const values = [id, input.slug, input.name ?? input.slug, input.tier, input.origins ?? [], settings];
      let row: Row | undefined;
      try {
        const { rows } = await tx.query<Row>(
          `INSERT INTO tenants (id, slug, name, tier, origins, settings, limits)
           VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *`,
          [...values, input.limits ?? {}],
        );
        row = rows[0];
      } catch (error) {
        if (violatedConstraint(error) === "tenants_slug_key") throw new EndcapError("slug_taken", { cause: error });
        throw error;
      }
      if (row === undefined) throw new EndcapError("internal", { internal: "INSERT INTO tenants returned no row" });
      for (const placement of DEFAULT_PLACEMENTS) {
        const placed = [id, placement.id, placement];
        await tx.query("INSERT INTO placements (tenant_id, id, placement) VALUES ($1, $2, $3)", placed);
      }
      return tenantOf(row);
    },
    async list() {
      const { rows } = await db.query<Row>("SELECT * FROM tenants ORDER BY created_at, id");
      return rows.map(tenantOf);
    },
    get: (idOrSlug) => find(db, idOrSlug),
    update: (idOrSlug, input) =>
      db.transaction(async (tx) => {
        const before = await find(tx, idOrSlug, "FOR UPDATE");
        if (before.state === "deleting") throw new EndcapError("tenant_not_found");
        const after = {
          ...before,
          ...input,
          settings: { ...before.settings, ...input.settings },
          limits: { ...before.limits, ...input.limits },
        };
        await tx.query(
          `UPDATE tenants SET name = $2, tier = $3, origins = $4, settings = $5, limits = $6, state = $7, updated_at = now()
           WHERE id = $1`,
          [before.id, after.name, after.tier, after.origins, after.settings, after.limits, after.state],
        );
        return find(tx, before.id);
      }),
    markDeleting: (idOrSlug) =>
      db.transaction(async (tx) => {
        const { id, state } = await find(tx, idOrSlug, "FOR UPDATE");
        if (state !== "deleting") {
          await tx.query("UPDATE tenants SET state = 'deleting', updated_at = now() WHERE id = $1", [id]);
        }
        return find(tx, id);
      }),
    archive: (id) =>
      db.transaction(async (tx) => {
        await tx.query(
          `INSERT INTO deleted_tenants (id, slug, name, tier, created_at)
           SELECT id, slug, name, tier, created_at FROM tenants WHERE id = $1`,
          [id],
        );
        await tx.query("DELETE FROM tenants WHERE id = $1", [id]);
      }),
  };
}

function tenantOf(row: Row): Tenant {
  const { created_at, updated_at, ...rest } = row;
  return { ...rest, createdAt: created_at.toISOString(), updatedAt: updated_at.toISOString() };
}
