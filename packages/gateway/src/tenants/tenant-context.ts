import { hash } from "node:crypto";
import {
  addressMarkKey,
  type Environment,
  type Principal,
  type Scope,
  type SessionSettings,
  type SnapshotKey,
  type SnapshotTenant,
  sessionTokenKey,
  type TenantRoutes,
  type TenantSecrets,
  type Tier,
  type TierLimits,
} from "@endcap/protocol";
import type { Caller } from "../auth/caller.ts";
import { MacKey, macOf } from "../auth/mac.ts";
import type { TenantUsage } from "../metering/tenant-usage.ts";
import { alike } from "./alike.ts";
import { type OriginList, originList } from "./origins.ts";

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
  /**
   * Of secret keys only. `identity` is base64url of 32 bytes, and no key object before it is used: that is memory outside
   * V8's heap, and some of it for each tenant leaves only crumbs between for what each request needs there.
   */
  readonly secret?: { readonly request: MacKey; readonly identity: string; readonly bearerHash: string };
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
  /**
   * What each request reads lies here, beside each other, and is shared with other tenants where it is the same: with many
   * tenants a request's time goes into fetching memory that others' requests have pushed out of the processor's caches.
   */
  readonly tier: Tier;
  readonly limits: TierLimits;
  readonly settings: SessionSettings;
  readonly routes: SharedRoutes;
  readonly usage: TenantUsage;
  /** Turns addresses into marks; only where pages may say what they show of the catalogue. */
  readonly markKey: MacKey | undefined;
  readonly tenant: SnapshotTenant;
  readonly origins: OriginList;
  readonly keys: readonly KeyContext[];
  /** Newest first; new tokens use the first. */
  readonly sessionKeys: readonly SessionKey[];
}

/** Routes but that to the recommender, which is the tenant's alone. */
export type SharedRoutes = Omit<TenantRoutes, "recommender">;

const noSalt = new MacKey(Buffer.alloc(32));

type MakeContext = (tenant: SnapshotTenant, secrets: TenantSecrets | undefined, usage: TenantUsage) => TenantContext;

/** Makes the contexts of one directory, which share what their tenants have alike. */
export function tenantContexts(): MakeContext {
  const tiers = alike<Tier>();
  const limits = alike<TierLimits>();
  const settings = alike<SessionSettings>();
  const routes = alike<SharedRoutes>();
  return (tenant, secrets, usage) => {
    const { recommender: _own, ...shared } = tenant.routes;
    usage.tier = tiers(tenant.tier);
    return tenantContext(tenant, secrets, {
      tier: usage.tier,
      limits: limits(tenant.limits),
      settings: settings(settingsOf(tenant)),
      routes: routes(shared),
      usage,
    });
  };
}

function tenantContext(
  tenant: SnapshotTenant,
  secrets: TenantSecrets | undefined,
  { tier, limits, settings, routes, usage }: Pick<TenantContext, "tier" | "limits" | "settings" | "routes" | "usage">,
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
    tier,
    limits,
    settings,
    routes,
    usage,
    markKey:
      newest && tenant.settings.observeCatalogue
        ? new MacKey(addressMarkKey(Buffer.from(newest.key, "base64url")))
        : undefined,
    tenant,
    origins: originList(tenant.origins),
    keys,
    sessionKeys,
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
  const principal: Principal = { tenant: tenant.id, env, tier: tenant.tier, scope: scopes, auth: "sk", key: id };
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
        identity: secret.identity,
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
