import { EndcapError, parseKeyId } from "@endcap/protocol";
import type { SnapshotDelta, SnapshotState } from "@endcap/service-kit";
import { newTenantLoad } from "../limits/admission.ts";
import { createTenantContext, type KeyContext, type TenantContext } from "./tenant-context.ts";

/** Who is who, from the snapshot: one map look-up a request. */
export interface TenantDirectory {
  apply(state: SnapshotState, delta: SnapshotDelta): void;
  tenant(id: string): TenantContext | undefined;
  /**
   * The key of an id, active and of the asked kind.
   * @throws EndcapError `key_malformed`, `key_unknown`, `key_expired`, `tenant_suspended`
   */
  key(id: string, kind: KeyContext["kind"], now: number): KeyContext;
  isRevoked(jti: string): boolean;
  /** Whether any tenant lists the origin: what a preflight can know, as it names no tenant. */
  listsOrigin(origin: string): boolean;
  readonly tenantCount: number;
}

export function createTenantDirectory(): TenantDirectory {
  const tenants = new Map<string, TenantContext>();
  const keys = new Map<string, KeyContext>();
  let revoked: ReadonlyMap<string, number> = new Map();

  function drop(id: string): void {
    for (const key of tenants.get(id)?.keys ?? []) keys.delete(key.id);
    tenants.delete(id);
  }

  return {
    apply(state, delta) {
      const changed = delta === "all" ? new Set([...tenants.keys(), ...state.tenants.keys()]) : delta;
      for (const id of changed) {
        const load = tenants.get(id)?.load ?? newTenantLoad();
        drop(id);
        const tenant = state.tenants.get(id);
        if (tenant === undefined) continue;
        const context = createTenantContext(tenant, state.secrets.get(id), load);
        tenants.set(id, context);
        for (const key of context.keys) keys.set(key.id, key);
      }
      revoked = state.revokedSessions;
    },
    tenant: (id) => tenants.get(id),
    key(id, kind, now) {
      const key = keys.get(id);
      if (key === undefined) throw new EndcapError(parseKeyId(id) === null ? "key_malformed" : "key_unknown");
      if (key.kind !== kind)
        throw new EndcapError("key_unknown", { internal: `a ${key.kind} key in place of ${kind}` });
      if (now >= key.expiresAt) throw new EndcapError("key_expired");
      if (key.tenant.tenant.state === "suspended") throw new EndcapError("tenant_suspended");
      return key;
    },
    isRevoked: (jti) => revoked.has(jti),
    listsOrigin(origin) {
      for (const { origins } of tenants.values()) if (origins.has(origin)) return true;
      return false;
    },
    get tenantCount() {
      return tenants.size;
    },
  };
}
