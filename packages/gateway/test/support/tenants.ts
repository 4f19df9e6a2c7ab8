import { createHash } from "node:crypto";
import {
  base64urlEncode,
  deriveKeys,
  newKeyId,
  newSecret,
  newTenantId,
  type Scope,
  type SnapshotKey,
  type SnapshotTenant,
  type TenantSecrets,
  TIERS,
  tenantSessionKey,
} from "@endcap/protocol";

const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);
const allScopes: Scope[] = ["events:write", "items:write", "recommendations:read", "identity:sign", "shopper:erase"];

export interface SecretKey {
  readonly id: string;
  readonly secret: string;
  readonly request: Uint8Array;
  readonly identity: Uint8Array;
}

/** A tenant as control would make it, with what its owner holds. */
export interface Shop {
  readonly tenant: SnapshotTenant;
  readonly secrets: TenantSecrets;
  readonly pk: string;
  readonly sk: SecretKey;
  readonly origin: string;
}

export interface ShopOptions extends Partial<Omit<SnapshotTenant, "settings" | "limits">> {
  readonly settings?: Partial<SnapshotTenant["settings"]>;
  readonly limits?: Partial<SnapshotTenant["limits"]>;
  readonly scopes?: Scope[];
  /** Unix ms at which the secret key ends. */
  readonly secretExpiresAt?: number;
}

export function newShop(options: ShopOptions = {}): Shop {
  const { settings, limits, scopes = allScopes, secretExpiresAt, ...rest } = options;
  const id = newTenantId(random);
  const origin = `https://${id}.shop.example`;
  const pk = newKeyId("publishable", "live", random);
  const skId = newKeyId("secret", "live", random);
  const secret = newSecret(random);
  const derived = deriveKeys(skId, Buffer.from(secret, "base64url"));
  const keys: SnapshotKey[] = [
    { id: pk, kind: "publishable", env: "live", scopes: [] },
    {
      id: skId,
      kind: "secret",
      env: "live",
      scopes,
      ...(secretExpiresAt !== undefined && { expiresAt: secretExpiresAt }),
    },
  ];
  const tenant: SnapshotTenant = {
    id,
    slug: "shop",
    tier: "standard",
    state: "active",
    limits: { ...TIERS.standard.limits, ...limits },
    origins: [origin],
    settings: {
      enabled: true,
      noBearer: false,
      noBootstrap: false,
      consent: "none",
      observeCatalogue: false,
      ...settings,
    },
    keys,
    routes: { collector: "collector", ml: "ml", recommender: "recommender" },
    placements: [],
    ...rest,
  };
  const master = random(new Uint8Array(32));
  const secrets: TenantSecrets = {
    keys: {
      [skId]: {
        request: base64urlEncode(derived.request),
        identity: base64urlEncode(derived.identity),
        bearerHash: createHash("sha256").update(secret).digest("base64url"),
      },
    },
    sessions: [{ generation: "g1", key: base64urlEncode(tenantSessionKey(master, id)) }],
  };
  return {
    tenant,
    secrets,
    pk,
    sk: { id: skId, secret, request: derived.request, identity: derived.identity },
    origin,
  };
}
