import { SCOPES, type Scope } from "@endcap/protocol";
import Type, { type Static } from "typebox";

export const Environment = Type.Union([Type.Literal("live"), Type.Literal("test")], { title: "Environment" });
export type Environment = Static<typeof Environment>;

const Timestamp = Type.String({
  description: "RFC 3339 with a zone",
  pattern: "^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?([Zz]|[+-]\\d\\d:\\d\\d)$",
});

const YEAR_SECONDS = 366 * 86_400;

export const CreateKey = Type.Object(
  {
    kind: Type.Union([Type.Literal("publishable"), Type.Literal("secret")]),
    env: Type.Optional(Environment),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    scopes: Type.Optional(Type.Array(Type.Enum([...SCOPES]), { minItems: 1, uniqueItems: true })),
    expiresAt: Type.Optional(Timestamp),
  },
  { title: "CreateKey", additionalProperties: false },
);
export type CreateKey = Static<typeof CreateKey>;

export const RotateKey = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: YEAR_SECONDS,
        default: 86_400,
        description: "How long the old key stays good; 0 revokes it at once",
      }),
    ),
  },
  { title: "RotateKey", additionalProperties: false },
);
export type RotateKey = Static<typeof RotateKey>;

export const Key = Type.Object(
  {
    id: Type.String(),
    tenantId: Type.String(),
    kind: Type.Enum(["publishable", "secret"]),
    env: Environment,
    name: Type.Optional(Type.String()),
    scopes: Type.Array(Type.Enum([...SCOPES])),
    state: Type.Enum(["active", "revoked", "expired"]),
    createdAt: Type.String(),
    expiresAt: Type.Optional(Type.String()),
    revokedAt: Type.Optional(Type.String()),
    replacedBy: Type.Optional(Type.String()),
  },
  { title: "Key" },
);
export type Key = Static<typeof Key>;

/** A key as it is shown once. */
export const IssuedKey = Type.Object(
  {
    ...Key.properties,
    secret: Type.Optional(Type.String({ description: "base64url of 32 bytes; a publishable key has none" })),
  },
  { title: "IssuedKey" },
);
export type IssuedKey = Static<typeof IssuedKey>;

/** What a page may do. */
export const PUBLISHABLE_SCOPES: readonly Scope[] = ["events:write", "recommendations:read"];
/** What a server key may do unless it is asked for otherwise: everything but erasing shoppers. */
export const SECRET_SCOPES_DEFAULT: readonly Scope[] = SCOPES.filter((scope) => scope !== "shopper:erase");
