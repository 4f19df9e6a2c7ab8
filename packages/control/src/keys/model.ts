import { type KeyKind, SCOPES, type Scope } from "@endcap/protocol";
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
    scopes: Type.Optional(
      Type.Array(Type.Enum([...SCOPES]), { minItems: 1, uniqueItems: true }),
    ),
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

export interface Key {
  readonly id: string;
  readonly tenantId: string;
  readonly kind: KeyKind;
  readonly env: Environment;
  readonly name?: string;
  readonly scopes: readonly Scope[];
  readonly state: "active" | "revoked" | "expired";
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
  readonly replacedBy?: string;
}

/** A key as it is shown once. `secret` is base64url of 32 bytes; a publishable key has none. */
export interface IssuedKey extends Key {
  readonly secret?: string;
}

/** What a page may do. */
export const PUBLISHABLE_SCOPES: readonly Scope[] = ["events:write", "recommendations:read"];
/** What a server key may do unless it is asked for otherwise: everything but erasing shoppers. */
export const SECRET_SCOPES_DEFAULT: readonly Scope[] = SCOPES.filter((scope) => scope !== "shopper:erase");
