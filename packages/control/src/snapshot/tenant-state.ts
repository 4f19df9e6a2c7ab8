import { createHash } from "node:crypto";
import {
  base64urlEncode,
  deriveKeys,
  type Placement,
  type SnapshotKey,
  type SnapshotTenant,
  type TenantSecrets,
  type TenantSettings,
  TIERS,
  type Tier,
  type TierLimits,
} from "@endcap/protocol";
import type { AtRest } from "../keys/at-rest.ts";
import { loadSessionMasters, sessionKeysOf } from "../keys/session-masters.ts";
import type { Queryable } from "../postgres/database.ts";

/** Ids of the shared upstreams, as `routes` and `upstreams` name them. */
const SHARED_UPSTREAMS = { collector: "collector", ml: "ml" } as const;

/** What a snapshot says of one tenant, and what only gateways may know of it. */
export interface TenantState {
  readonly tenant: SnapshotTenant;
  readonly secrets: TenantSecrets;
}

interface TenantRow {
  id: string;
  slug: string;
  tier: Tier;
  state: "active" | "suspended";
  origins: string[];
  settings: TenantSettings;
  limits: Partial<TierLimits>;
  recommender: string | null;
}

interface KeyRow {
  id: string;
  tenant_id: string;
  kind: SnapshotKey["kind"];
  env: SnapshotKey["env"];
  scopes: SnapshotKey["scopes"];
  secret: Buffer | null;
  expires_at: Date | null;
}

interface PlacementRow {
  tenant_id: string;
  placement: Placement;
}

export interface TenantReader {
  /** The next `limit` tenants after the id, in the order of ids. Tenants that are being deleted do not exist here. */
  page(tx: Queryable, afterId: string, limit: number): Promise<TenantState[]>;
  byIds(tx: Queryable, ids: readonly string[]): Promise<TenantState[]>;
}

const TENANT_COLUMNS = `t.id, t.slug, t.tier, t.state, t.origins, t.settings, t.limits, u.id AS recommender
  FROM tenants t LEFT JOIN upstreams u ON u.tenant_id = t.id`;

export function createTenantReader(atRest: AtRest, now: () => number): TenantReader {
  async function complete(tx: Queryable, tenants: TenantRow[]): Promise<TenantState[]> {
    const ids = tenants.map((tenant) => tenant.id);
    const masters = await loadSessionMasters(tx, atRest);
    const keys = await tx.query<KeyRow>(
      `SELECT id, tenant_id, kind, env, scopes, secret, expires_at FROM keys
       WHERE tenant_id = ANY($1) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) ORDER BY id`,
      [ids, new Date(now())],
    );
    const placements = await tx.query<PlacementRow>(
      "SELECT tenant_id, placement FROM placements WHERE tenant_id = ANY($1) ORDER BY id",
      [ids],
    );
    const keysOf = Map.groupBy(keys.rows, (row) => row.tenant_id);
    const placementsOf = Map.groupBy(placements.rows, (row) => row.tenant_id);
    return tenants.map((row) => {
      const tenantKeys = keysOf.get(row.id) ?? [];
      const { recommender, limits, ...rest } = row;
      return {
        tenant: {
          ...rest,
          limits: { ...TIERS[row.tier].limits, ...limits },
          keys: tenantKeys.map(keyOf),
          routes: { ...SHARED_UPSTREAMS, recommender },
          placements: (placementsOf.get(row.id) ?? []).map((entry) => entry.placement),
        },
        secrets: {
          keys: Object.fromEntries(tenantKeys.flatMap(secretsOf)),
          sessions: sessionKeysOf(row.id, masters).map(({ generation, key }) => ({
            generation,
            key: base64urlEncode(key),
          })),
        },
      };
    });
  }

  /** What a gateway needs to check a secret key's requests: never the secret itself. */
  function secretsOf(row: KeyRow): [string, TenantSecrets["keys"][string]][] {
    if (row.secret === null) return [];
    const secret = atRest.open(row.secret, row.id);
    const { request, identity } = deriveKeys(row.id, secret);
    const bearerHash = createHash("sha256").update(base64urlEncode(secret)).digest("base64url");
    return [[row.id, { request: base64urlEncode(request), identity: base64urlEncode(identity), bearerHash }]];
  }

  return {
    async page(tx, afterId, limit) {
      const { rows } = await tx.query<TenantRow>(
        `SELECT ${TENANT_COLUMNS} WHERE t.id > $1 AND t.state <> 'deleting' ORDER BY t.id LIMIT $2`,
        [afterId, limit],
      );
      return complete(tx, rows);
    },
    async byIds(tx, ids) {
      const { rows } = await tx.query<TenantRow>(
        `SELECT ${TENANT_COLUMNS} WHERE t.id = ANY($1) AND t.state <> 'deleting' ORDER BY t.id`,
        [ids],
      );
      return complete(tx, rows);
    },
  };
}

function keyOf(row: KeyRow): SnapshotKey {
  const { id, kind, env, scopes, expires_at } = row;
  return { id, kind, env, scopes, ...(expires_at !== null && { expiresAt: expires_at.getTime() }) };
}
