import { ModelInfo, TenantSettings, Tier, TierLimits } from "@endcap/protocol";
import Type, { type Static } from "typebox";
import { Environment } from "../keys/model.ts";

/** `https://shop.example`, `http://localhost:4000`, or one label left open: `https://*.shop.example`. */
const Origin = Type.String({
  pattern: "^https?://(\\*\\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$",
  maxLength: 300,
});

const fields = {
  name: Type.String({ minLength: 1, maxLength: 200 }),
  tier: Tier,
  origins: Type.Array(Origin, { maxItems: 100, description: "Pages that may use the publishable keys" }),
  settings: Type.Partial(TenantSettings, { additionalProperties: false }),
  limits: Type.Partial(TierLimits, { additionalProperties: false, description: "Overrides of the tier's limits" }),
};

export const CreateTenant = Type.Object(
  {
    slug: Type.String({
      pattern: "^(?!tnt-)[a-z0-9]+(-[a-z0-9]+)*$",
      minLength: 2,
      maxLength: 40,
      description: "A label for people, never part of a resource's name",
    }),
    tier: fields.tier,
    name: Type.Optional(fields.name),
    origins: Type.Optional(fields.origins),
    settings: Type.Optional(fields.settings),
    limits: Type.Optional(fields.limits),
    issueKeys: Type.Optional(
      Type.Array(Environment, {
        maxItems: 2,
        uniqueItems: true,
        description: "Environments to issue a publishable and a secret key for",
      }),
    ),
  },
  { title: "CreateTenant", additionalProperties: false },
);
export type CreateTenant = Static<typeof CreateTenant>;

export const UpdateTenant = Type.Partial(
  Type.Object({ ...fields, state: Type.Union([Type.Literal("active"), Type.Literal("suspended")]) }),
  { title: "UpdateTenant", additionalProperties: false, minProperties: 1 },
);
export type UpdateTenant = Static<typeof UpdateTenant>;

export const Tenant = Type.Object(
  {
    id: Type.String(),
    slug: Type.String(),
    name: Type.String(),
    tier: Tier,
    state: Type.Enum(["active", "suspended", "deleting"]),
    origins: Type.Array(Type.String()),
    settings: TenantSettings,
    limits: fields.limits,
    createdAt: Type.String(),
    updatedAt: Type.String(),
  },
  { title: "Tenant" },
);
/** A tenant as control knows it; what its processes add is in `TenantView`. */
export type Tenant = Static<typeof Tenant>;

/** A tenant with what its recommender says now. */
export const TenantView = Type.Object(
  {
    ...Tenant.properties,
    recommender: Type.Optional(Type.Object({ state: Type.String(), url: Type.Optional(Type.String()) })),
    model: Type.Optional(ModelInfo),
  },
  { title: "TenantView" },
);
export type TenantView = Static<typeof TenantView>;
