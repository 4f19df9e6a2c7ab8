import { RevokedSession, SnapshotKey, SnapshotTenant, SnapshotUpstream, TenantRoutes } from "@endcap/protocol";
import Type, { type Static } from "typebox";

/**
 * The snapshot as a person writes it: protocol's own schemas, with everything optional that has a sensible default, and
 * with references in place of secrets. What a member means is said there.
 */
const SecretSource = Type.Union(
  [
    Type.Object({ env: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
    Type.Object({ file: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
  ],
  { description: "{ env: NAME } or { file: path }" },
);
export type SecretSource = Static<typeof SecretSource>;

const StandaloneKey = Type.Object(
  {
    // Kind and environment stand in the id.
    ...Type.Partial(Type.Omit(SnapshotKey, ["id", "kind", "env"])).properties,
    id: SnapshotKey.properties.id,
    secret: Type.Optional(SecretSource),
  },
  { additionalProperties: false },
);
export type StandaloneKey = Static<typeof StandaloneKey>;

const {
  limits,
  settings,
  routes: _routes,
  keys: _keys,
  sealed: _sealed,
  slug,
  ...tenantMembers
} = SnapshotTenant.properties;

const StandaloneTenant = Type.Object(
  {
    ...Type.Partial(Type.Object(tenantMembers)).properties,
    slug: Type.String({ ...slug, minLength: 1 }),
    limits: Type.Optional(Type.Partial(limits, { additionalProperties: false })),
    settings: Type.Optional(Type.Partial(settings, { additionalProperties: false })),
    routes: Type.Optional(Type.Partial(TenantRoutes, { additionalProperties: false })),
    keys: Type.Optional(Type.Array(StandaloneKey)),
  },
  { additionalProperties: false },
);
export type StandaloneTenant = Static<typeof StandaloneTenant>;

const StandaloneUpstream = Type.Object(
  { ...SnapshotUpstream.properties, kind: Type.Optional(SnapshotUpstream.properties.kind) },
  { additionalProperties: false },
);
export type StandaloneUpstream = Static<typeof StandaloneUpstream>;

const SessionMaster = Type.Object(
  { generation: Type.String({ minLength: 1 }), key: SecretSource },
  { additionalProperties: false },
);

export const StandaloneFile = Type.Object(
  {
    upstreams: Type.Array(StandaloneUpstream, { minItems: 1 }),
    tenants: Type.Array(StandaloneTenant),
    /** Newest first. Absent: one that this gateway makes and keeps in `nodeDir`; several gateways must share theirs. */
    sessionMasters: Type.Optional(Type.Array(SessionMaster, { minItems: 1 })),
    revokedSessions: Type.Optional(Type.Array(RevokedSession)),
  },
  { title: "StandaloneFile", additionalProperties: false },
);
export type StandaloneFile = Static<typeof StandaloneFile>;
