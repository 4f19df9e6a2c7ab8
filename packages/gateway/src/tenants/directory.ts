import { EndcapError, parseKeyId, type SnapshotTenant } from "@endcap/protocol";
import type { SnapshotDelta, SnapshotState } from "@endcap/service-kit";
import type { TenantUsage } from "../metering/tenant-usage.ts";
import { createListedOrigins } from "./listed-origins.ts";
import { type KeyContext, type TenantContext, tenantContexts } from "./tenant-context.ts";

/** Who is who, from the snapshot: one map look-up a request. */
export interface TenantDirectory {
  apply(state: SnapshotState, delta: SnapshotDelta): void;
  /** @throws EndcapError `not_ready` before the first snapshot: nobody is a stranger to whom knows nobody yet */
  assertKnown(): void;
  tenant(id: string): TenantContext | undefined;
  /** As the snapshot tells of it. Read anew from its line each time. */
  stored(id: string): SnapshotTenant | undefined;
  /**
   * The key of an id, active and of the asked kind.
   * @throws EndcapError `key_malformed`, `key_unknown`, `key_expired`, `tenant_suspended`
   */
  key(id: string, kind: KeyContext["kind"], now: number): KeyContext;
  isRevoked(jti: string): boolean;
  /** Grows with each change: what was found out under one number need not be asked again under it. */
  readonly version: number;
  /** Whether any tenant lists the origin: what a preflight can know, as it names no tenant. */
  listsOrigin(origin: string): Promise<boolean>;
  /** Tenants that were asked for since they last changed. */
  inUse(): Iterable<TenantContext>;
  readonly tenantCount: number;
}

const noSnapshot = new EndcapError("not_ready", { internal: "no snapshot yet" });

/**
 * A tenant's context (its keys imported, its origins sorted) is made when it is first asked for, and thrown away when the
 * tenant changes: a hundred thousand tenants cost memory, and a change costs what it changes.
 */
export function createTenantDirectory(usageOf: (tenant: string) => TenantUsage): TenantDirectory {
  const contexts = new Map<string, TenantContext>();
  const keys = new Map<string, KeyContext>();
  const origins = createListedOrigins();
  const contextFrom = tenantContexts();
  let state: SnapshotState | undefined;
  let version = 0;

  function forget(id: string): void {
    for (const key of contexts.get(id)?.keys ?? []) keys.delete(key.id);
    contexts.delete(id);
  }

  function contextOf(id: string): TenantContext | undefined {
    const known = contexts.get(id);
    if (known !== undefined) return known;
    const tenant = state?.tenants.get(id);
    if (tenant === undefined) return undefined;
    const context = contextFrom(tenant, state?.tenants.secretsOf(id), usageOf(tenant.id));
    contexts.set(id, context);
    for (const key of context.keys) keys.set(key.id, key);
    return context;
  }

  function keyOf(id: string): KeyContext | undefined {
    const known = keys.get(id);
    if (known !== undefined) return known;
    const owner = state?.tenants.ownerOf(id);
    return owner === undefined ? undefined : contextOf(owner)?.keys.find((key) => key.id === id);
  }

  return {
    apply(next, delta) {
      state = next;
      version += 1;
      origins.apply(next, delta);
      for (const id of delta === "all" ? [...contexts.keys()] : delta) forget(id);
    },
    assertKnown() {
      if (state === undefined) throw noSnapshot;
    },
    tenant: contextOf,
    stored: (id) => state?.tenants.get(id),
    key(id, kind, now) {
      const key = keyOf(id);
      if (key === undefined) throw new EndcapError(parseKeyId(id) === null ? "key_malformed" : "key_unknown");
      if (key.kind !== kind)
        throw new EndcapError("key_unknown", { internal: `a ${key.kind} key in place of ${kind}` });
      if (now >= key.expiresAt) throw new EndcapError("key_expired");
      if (key.tenant.traits.isSuspended) throw new EndcapError("tenant_suspended");
      return key;
    },
    get version() {
      return version;
    },
    isRevoked: (jti) => state?.revokedSessions.has(jti) ?? false,
    listsOrigin: origins.has,
    inUse: () => contexts.values(),
    get tenantCount() {
      return state?.tenants.size ?? 0;
    },
  };
}
