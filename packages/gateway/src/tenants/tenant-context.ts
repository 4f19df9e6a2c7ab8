import { hash } from "node:crypto";
import {
  addressMarkKey,
  type Environment,
  type Scope,
  type SessionSettings,
  type SnapshotKey,
  type SnapshotTenant,
  sessionTokenKey,
  type TenantRoutes,
  type TenantSecrets,
  type TenantSettings,
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
    tenant: TenantUse | null;
  }
}

/** One key of a tenant, ready for use. */
export interface KeyContext {
  readonly id: string;
  readonly kind: SnapshotKey["kind"];
  readonly env: Environment;
  readonly scopes: readonly Scope[];
  /** Unix ms; Infinity: no end. */
  readonly expiresAt: number;
  readonly tenant: TenantContext;
  /**
   * Of secret keys only. `identity` is base64url of 32 bytes, and no key object before it is used: that is memory outside
   * V8's heap, and some of it for each tenant leaves only crumbs between for what each request needs there.
   */
  readonly secret?: { readonly request: MacKey; readonly identity: string; readonly bearerHash: string };
  /** Who a request signed with this key comes from. Kept by whoever proves requests. */
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

/**
 * What every request reads of its tenant. Each proven caller has it beside its own, and it is shared with other tenants
 * where it is the same: with many tenants a request's time goes into fetching memory that others' requests have pushed
 * out of the processor's caches.
 */
export interface TenantUse {
  readonly id: string;
  readonly tier: Tier;
  readonly limits: TierLimits;
  readonly settings: SessionSettings;
  readonly routes: SharedRoutes;
  /** Its upstream's id; `null` while it has none. */
  readonly recommender: TenantRoutes["recommender"];
  readonly usage: TenantUsage;
  /** Turns addresses into marks; only where pages may say what they show of the catalogue. */
  readonly markKey: MacKey | undefined;
}

/**
 * What requests ask of a tenant, and no more of it: there is one of these for each tenant that is asked for. It does not
 * hold the tenant as the snapshot tells of it, which is some thirty objects.
 */
export interface TenantContext extends TenantUse {
  readonly traits: TenantTraits;
  readonly origins: OriginList;
  readonly keys: readonly KeyContext[];
  /** Newest first; new tokens use the first. */
  readonly sessionKeys: readonly SessionKey[];
}

/** What only some requests ask of a tenant. */
export interface TenantTraits extends Pick<TenantSettings, "noBearer" | "noBootstrap"> {
  readonly isSuspended: boolean;
  readonly idCookie: boolean;
  /** Of its own edge, when it has one. */
  readonly endpoint: string | undefined;
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
  const traits = alike<TenantTraits>();
  const scopes = alike<readonly Scope[]>();
  return (tenant, secrets, usage) => {
    const { recommender: _own, ...shared } = tenant.routes;
    const tier = tiers(tenant.tier);
    usage.tier = tier;
    const shares = {
      tier,
      limits: limits(tenant.limits),
      settings: settings(settingsOf(tenant)),
      routes: routes(shared),
      usage,
      traits: traits(traitsOf(tenant)),
    };
    return tenantContext(tenant, secrets, shares, scopes);
  };
}

function tenantContext(
  tenant: SnapshotTenant,
  secrets: TenantSecrets | undefined,
  shares: Pick<TenantContext, "tier" | "limits" | "settings" | "routes" | "usage" | "traits">,
  sharedScopes: (scopes: readonly Scope[]) => readonly Scope[],
): TenantContext {
  const { tier, limits, settings, routes, usage, traits } = shares;
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
    traits,
    recommender: tenant.routes.recommender,
    origins: originList(tenant.origins),
    keys,
    sessionKeys,
  };
  for (const key of tenant.keys) {
    const ready = { ...key, scopes: sharedScopes(key.scopes) };
    keys.push(keyContext(context, ready, secrets?.keys[key.id]));
  }
  return context;
}

function keyContext(
  tenant: TenantContext,
  { id, kind, env, scopes, expiresAt }: Omit<SnapshotKey, "scopes"> & Pick<KeyContext, "scopes">,
  secret: TenantSecrets["keys"][string] | undefined,
): KeyContext {
  return {
    id,
    kind,
    env,
    scopes,
    expiresAt: expiresAt ?? Number.POSITIVE_INFINITY,
    tenant,
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

function traitsOf({ state, settings, endpoint }: SnapshotTenant): TenantTraits {
  const { noBearer, noBootstrap, idCookie = false } = settings;
  return { isSuspended: state === "suspended", noBearer, noBootstrap, idCookie, endpoint };
}

function settingsOf({ settings }: SnapshotTenant): SessionSettings {
  const { enabled, consent, observeCatalogue, firstPartyPath } = settings;
  const plain = { enabled, consent, observeCatalogue, ...(firstPartyPath !== undefined && { firstPartyPath }) };
  return { ...plain, etag: hash("sha256", JSON.stringify(plain), "base64url").slice(0, 12) };
}
