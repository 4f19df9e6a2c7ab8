/**
 * The snapshot: everything a gateway or an ml process must know of its tenants, pushed by control, versioned and signed.
 * Without secrets it is plain data; a gateway's also carries `sealed` key material, encrypted to that gateway.
 */
import Type, { type Static } from "typebox";
import { SCOPES } from "./keys.ts";
import { Placement } from "./placements.ts";
import { Tier, TierLimits } from "./tiers.ts";

const Env = Type.Union([Type.Literal("live"), Type.Literal("test")]);

export const SnapshotKey = Type.Object(
  {
    id: Type.String(),
    kind: Type.Union([Type.Literal("publishable"), Type.Literal("secret")]),
    env: Env,
    scopes: Type.Array(Type.Enum([...SCOPES])),
    /** Unix milliseconds; absent: no end. */
    expiresAt: Type.Optional(Type.Integer()),
  },
  { title: "SnapshotKey", additionalProperties: false },
);
export type SnapshotKey = Static<typeof SnapshotKey>;

export const TenantSettings = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: "false: the SDKs of this shop go quiet" }),
    noBearer: Type.Boolean({ default: false }),
    noBootstrap: Type.Boolean({ default: false }),
    consent: Type.Union([Type.Literal("none"), Type.Literal("required")], { default: "none" }),
    observeCatalogue: Type.Boolean({ default: false }),
    holdoutShare: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 0.5,
        description: "Share of the shoppers who are shown no recommendations, for ever; none when absent",
      }),
    ),
    firstPartyPath: Type.Optional(Type.String({ pattern: "^/" })),
    idCookie: Type.Optional(
      Type.Boolean({
        description:
          "keep the anonymous id in a cookie of the tenant's own host (`endpoint`) as well; false when absent",
      }),
    ),
  },
  { title: "TenantSettings", additionalProperties: false },
);
export type TenantSettings = Static<typeof TenantSettings>;

/** Where a share of the traffic goes instead. Who is in it follows from ids alone, so every gateway says the same. */
export const Canary = Type.Object(
  { upstream: Type.String(), share: Type.Number({ minimum: 0, maximum: 1 }) },
  { title: "Canary", additionalProperties: false },
);
export type Canary = Static<typeof Canary>;

/** Upstream ids, never addresses: addresses are in `upstreams`. `recommender` is null while it has none. */
export const TenantRoutes = Type.Object(
  {
    collector: Type.String(),
    ml: Type.String(),
    recommender: Type.Union([Type.String(), Type.Null()]),
    /** Shares of this tenant's shoppers. A server's call names its shopper in the body only and follows its tenant. */
    canaries: Type.Optional(
      Type.Object(
        { collector: Type.Optional(Canary), ml: Type.Optional(Canary), recommender: Type.Optional(Canary) },
        { additionalProperties: false },
      ),
    ),
  },
  { title: "TenantRoutes", additionalProperties: false },
);
export type TenantRoutes = Static<typeof TenantRoutes>;

export const SnapshotTenant = Type.Object(
  {
    id: Type.String({ pattern: "^tnt-[a-z2-7]{16}$", description: "tnt- and sixteen letters of a-z2-7" }),
    slug: Type.String(),
    tier: Tier,
    state: Type.Union([Type.Literal("active"), Type.Literal("suspended")]),
    limits: TierLimits,
    /** Exact origins, or `https://*.shop.example` for one label. */
    origins: Type.Array(Type.String()),
    settings: TenantSettings,
    /** The tenant's own edge, when it has one: an origin. */
    endpoint: Type.Optional(Type.String()),
    keys: Type.Array(SnapshotKey),
    routes: TenantRoutes,
    placements: Type.Array(Placement),
    /** Encrypted `TenantSecrets`: base64url(iv 12 bytes, AES-256-GCM ciphertext, tag 16), additional data = tenant id. Gateways only. */
    sealed: Type.Optional(Type.String()),
  },
  { title: "SnapshotTenant", additionalProperties: false },
);
export type SnapshotTenant = Static<typeof SnapshotTenant>;

/** What `sealed` holds. All keys base64url of 32 bytes. */
export const TenantSecrets = Type.Object(
  {
    /** By secret key id: derived request key, derived identity key, SHA-256 of the bearer secret text. */
    keys: Type.Record(
      Type.String(),
      Type.Object({ request: Type.String(), identity: Type.String(), bearerHash: Type.String() }),
    ),
    /** The tenant's session keys, newest generation first; new tokens use the first. */
    sessions: Type.Array(Type.Object({ generation: Type.String(), key: Type.String() }), { minItems: 1 }),
  },
  { title: "TenantSecrets", additionalProperties: false },
);
export type TenantSecrets = Static<typeof TenantSecrets>;

export const SnapshotUpstream = Type.Object(
  {
    id: Type.String({ pattern: "^[a-z0-9][a-z0-9.-]{0,99}$" }),
    kind: Type.Union([Type.Literal("collector"), Type.Literal("ml"), Type.Literal("recommender")]),
    url: Type.String({ pattern: "^https?://[^/]+$", description: "an origin, such as http://10.0.0.7:7402" }),
    /** A share of the tenants that route here. */
    canary: Type.Optional(Canary),
    /** Named by a tenant, not by the operator: https only, and never at an address inside the house. */
    tenantSupplied: Type.Optional(Type.Boolean()),
  },
  { title: "SnapshotUpstream", additionalProperties: false },
);
export type SnapshotUpstream = Static<typeof SnapshotUpstream>;

export const RevokedSession = Type.Object(
  { jti: Type.String(), until: Type.Integer({ description: "Unix ms" }) },
  { additionalProperties: false },
);

const changes = {
  tenants: Type.Array(SnapshotTenant),
  upstreams: Type.Array(SnapshotUpstream),
  revokedSessions: Type.Array(RevokedSession),
};

/**
 * One line of the stream. A full snapshot is `begin`, parts of at most 500 tenants, `end`; the receiver swaps at `end`.
 * A `change` applies only on top of `previous`; a receiver that has another version asks for the whole again.
 */
export const SnapshotMessage = Type.Union(
  [
    Type.Object({ kind: Type.Literal("begin"), version: Type.Integer() }),
    Type.Object({ kind: Type.Literal("part"), version: Type.Integer(), ...changes }),
    Type.Object({ kind: Type.Literal("end"), version: Type.Integer() }),
    Type.Object({
      kind: Type.Literal("change"),
      version: Type.Integer(),
      previous: Type.Integer(),
      ...changes,
      removedTenants: Type.Array(Type.String()),
      removedUpstreams: Type.Array(Type.String()),
    }),
    Type.Object({ kind: Type.Literal("heartbeat"), version: Type.Integer() }),
  ],
  { title: "SnapshotMessage" },
);
export type SnapshotMessage = Static<typeof SnapshotMessage>;

/** As a line travels: `body` is the JSON text of a SnapshotMessage, `signature` base64url Ed25519 over its UTF-8 bytes. */
export const SignedSnapshotLine = Type.Object(
  { at: Type.Integer({ description: "Unix ms" }), body: Type.String(), signature: Type.String() },
  { title: "SignedSnapshotLine" },
);
export type SignedSnapshotLine = Static<typeof SignedSnapshotLine>;

/** The whole state that a receiver holds and keeps on disk. */
export interface Snapshot {
  readonly format: 1;
  readonly version: number;
  readonly tenants: readonly SnapshotTenant[];
  readonly upstreams: readonly SnapshotUpstream[];
  readonly revokedSessions: readonly Static<typeof RevokedSession>[];
}

/** Request header with which a gateway asks for `sealed` secrets: base64url of its X25519 public key (32 bytes). */
export const NODE_KEY_HEADER = "endcap-node-key";
/** Answer header: the ephemeral X25519 public key of control. Sealing key = HKDF-SHA256(ECDH, salt = "", info = this). */
export const SEALED_TO_HEADER = "endcap-sealed-by";
export const SEALING_INFO = "endcap snapshot v1";
