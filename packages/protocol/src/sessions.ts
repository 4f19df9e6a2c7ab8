/** Browser sessions: what the gateway gives a page so that it can sign. */
import Type, { type Static } from "typebox";
import { ShopId, Timestamp } from "./text.ts";

export const SessionSettings = Type.Object(
  {
    enabled: Type.Boolean({ description: "false is the tenant's kill switch: the SDK goes quiet" }),
    consent: Type.Union([Type.Literal("none"), Type.Literal("required")], {
      description: "required: nothing is stored or sent before consent",
    }),
    observeCatalogue: Type.Boolean(),
    firstPartyPath: Type.Optional(Type.String({ pattern: "^/" })),
    etag: Type.String(),
  },
  { title: "SessionSettings" },
);
export type SessionSettings = Static<typeof SessionSettings>;

export const Session = Type.Object(
  {
    token: Type.String({ description: "JWT; opaque to the page" }),
    signingKey: Type.String({ description: "base64url of 32 bytes" }),
    expiresAt: Timestamp,
    serverTime: Timestamp,
    endpoint: Type.String({ description: "Origin for later calls" }),
    settings: SessionSettings,
  },
  { title: "Session" },
);
export type Session = Static<typeof Session>;

export const OpenSessionRequest = Type.Object(
  {
    key: Type.String({ description: "Publishable key id", maxLength: 100 }),
    anonymousId: Type.Optional(ShopId("AnonymousId")),
    userToken: Type.Optional(
      Type.String({ maxLength: 4096, description: "JWT made by the shop's backend with createUserToken" }),
    ),
  },
  { title: "OpenSessionRequest", additionalProperties: false },
);
export type OpenSessionRequest = Static<typeof OpenSessionRequest>;

export const OpenSessionAnswer = Type.Object(
  { session: Session, userId: Type.Optional(Type.String()) },
  { title: "OpenSessionAnswer" },
);
export type OpenSessionAnswer = Static<typeof OpenSessionAnswer>;

/** The claims of a session token. `sub` is the anonymous id; `uid` the proven user; `scope` is always `browser`. */
export const SessionClaims = Type.Object({
  sub: Type.String(),
  uid: Type.Optional(Type.String()),
  tenant: Type.String(),
  key: Type.String(),
  env: Type.Union([Type.Literal("live"), Type.Literal("test")]),
  origin: Type.String(),
  scope: Type.Literal("browser"),
  jti: Type.String(),
  iat: Type.Integer(),
  exp: Type.Integer(),
});
export type SessionClaims = Static<typeof SessionClaims>;
