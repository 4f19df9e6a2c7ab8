import { createSecretKey, hash, type KeyObject } from "node:crypto";
import {
  addressMarkKey,
  type Environment,
  type Principal,
  type Scope,
  type SessionSettings,
  type SnapshotKey,
  type SnapshotTenant,
  sessionTokenKey,
  type TenantSecrets,
  type Tier,
  type TierLimits,
} from "@endcap/protocol";
import type { Caller } from "../auth/caller.ts";
import { MacKey, macOf } from "../auth/mac.ts";
import type { TenantDurations } from "../metering/request-metrics.ts";
import { type OriginList, originList } from "./origins.ts";
import type { TenantLoad } from "./tenant-load.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Whose request it is, as soon as that is proven. */
    tenant: TenantContext | null;
  }
}

/** One key of a tenant, ready for use. */
export interface KeyContext {
  readonly id: string;
  readonly kind: SnapshotKey["kind"];
  readonly env: Environment;
  readonly scopes: ReadonlySet<Scope>;
  /** Unix ms; Infinity: no end. */
  readonly expiresAt: number;
  readonly tenant: TenantContext;
  /** Of secret keys only. */
  readonly secret?: { readonly request: MacKey; readonly identity: KeyObject; readonly bearerHash: string };
  /** Who a request signed with this key comes from. */
  readonly principal: Principal;
  /** Kept by whoever proves requests. */
  caller: Caller | undefined;
}

/** One generation of a tenant's session key. */
export interface SessionKey {
  readonly generation: string;
  /** The first half of HKDF-SHA256, of which sessions' signing keys are made. */
  readonly extracted: MacKey;
  /** Signs and verifies the tokens of this generation. */
  readonly tokenKey: MacKey;
}

/** Everything the gateway knows of a tenant. Built when the snapshot changes, never while a request waits. */
export interface TenantContext {
  readonly id: string;
  readonly tenant: SnapshotTenant;
  /**
   * The two that each request reads are copied out of `tenant`, to lie beside what else it reads: with many tenants a
   * request's time goes into fetching memory that others' requests have pushed out of the processor's caches.
   */
  readonly tier: Tier;
  readonly limits: TierLimits;
  readonly origins: OriginList;
  readonly keys: readonly KeyContext[];
  /** Newest first; new tokens use the first. */
  readonly sessionKeys: readonly SessionKey[];
  /** Turns addresses into marks; only where pages may say what they show of the catalogue. */
  readonly markKey: MacKey | undefined;
  readonly settings: SessionSettings;
  readonly load: TenantLoad;
  /** Kept by the metrics. */
  durations: TenantDurations | undefined;
}

const noSalt = new MacKey(Buffer.alloc(32));

export function createTenantContext(
  tenant: SnapshotTenant,
  secrets: TenantSecrets | undefined,
  load: TenantLoad,
): TenantContext {
  const keys: KeyContext[] = [];
  const sessions = secrets?.sessions ?? [];
  const sessionKeys = sessions.map(({ generation, key }): SessionKey => {
    const bytes = Buffer.from(key, "base64url");
    return {
      generation,
      extracted: new MacKey(macOf(noSalt, bytes)),
      tokenKey: new MacKey(sessionTokenKey(bytes)),
    };
  });
  const [newest] = sessions;
  const context: TenantContext = {
    id: tenant.id,
    tenant,
    tier: tenant.tier,
    limits: { ...tenant.limits },
    origins: originList(tenant.origins),
    keys,
    sessionKeys,
    markKey:
      newest && tenant.settings.observeCatalogue
        ? new MacKey(addressMarkKey(Buffer.from(newest.key, "base64url")))
        : undefined,
    settings: settingsOf(tenant),
    load,
    durations: undefined,
  };
  for (const key of tenant.keys) keys.push(keyContext(context, key, secrets?.keys[key.id]));
  return context;
}

function keyContext(
  tenant: TenantContext,
  key: SnapshotKey,
  secret: TenantSecrets["keys"][string] | undefined,
): KeyContext {
  const { id, env, scopes } = key;
  const principal: Principal = { tenant: tenant.id, env, tier: tenant.tenant.tier, scope: scopes, auth: "sk", key: id };
  return {
    id,
    kind: key.kind,
    env,
    scopes: new Set(scopes),
    expiresAt: key.expiresAt ?? Number.POSITIVE_INFINITY,
    tenant,
    principal,
    caller: undefined,
    ...(secret && {
      secret: {
        request: new MacKey(Buffer.from(secret.request, "base64url")),
        identity: createSecretKey(secret.identity, "base64url"),
        bearerHash: secret.bearerHash,
      },
    }),
  };
}

function settingsOf({ settings }: SnapshotTenant): SessionSettings {
  const { enabled, consent, observeCatalogue, firstPartyPath } = settings;
  const plain = { enabled, consent, observeCatalogue, ...(firstPartyPath !== undefined && { firstPartyPath }) };
  return { ...plain, etag: hash("sha256", JSON.stringify(plain), "base64url").slice(0, 12) };
}
