import { LIMITS } from "@endcap/protocol";
import { defineConfig, serviceKeys } from "@endcap/service-kit";
import Type, { type Static } from "typebox";

export const mlConfig = defineConfig({
  service: "ml",
  schema: Type.Object({
    ...serviceKeys({ port: 7403, adminPort: 7413 }),
    jwksFile: Type.String({ description: "public keys of the gateway groups, a JWKS file", minLength: 1 }),
    models: Type.String({
      description: "where the tenants' fallback lists are, a URI such as file:/data/tenants",
      minLength: 1,
    }),
    tenant: Type.Optional(
      Type.String({ description: "the one tenant this process serves; absent: all", pattern: "^tnt-[a-z2-7]{16}$" }),
    ),
    snapshotUrl: Type.Optional(
      Type.String({ description: "control's origin; absent: the snapshot on disk is all there is", minLength: 1 }),
    ),
    snapshotPublicKeyFile: Type.String({ description: "Ed25519 PEM that verifies control's snapshots", minLength: 1 }),
    stateDir: Type.String({
      description: "this process's own directory: its last snapshot and node key",
      minLength: 1,
    }),
    group: Type.String({ description: "gateway group in whose name this process calls control and collectors" }),
    groupKeyFile: Type.String({ description: "that group's Ed25519 private key, PKCS8 PEM", minLength: 1 }),
    deadlineMsDefault: Type.Integer({
      description: "time for an answer when the caller names none",
      default: LIMITS.recommendDeadlineMs,
      minimum: 10,
      maximum: 10_000,
    }),
    deadlineMarginMs: Type.Integer({
      description: "part of that time that is kept back for the fallback and the way home",
      default: 15,
      minimum: 0,
      maximum: 1_000,
    }),
    fallbackRefreshMs: Type.Integer({
      description: "age from which a tenant's fallback list is looked at again, in the background",
      default: 15_000,
      minimum: 100,
      maximum: 3_600_000,
    }),
    fallbackBytesMax: Type.Integer({
      description: "fallback lists kept in memory, in bytes of their JSON",
      default: 64 * 1024 * 1024,
      minimum: 1024 * 1024,
    }),
    breakerFailures: Type.Integer({
      description: "failed calls in a row after which a recommender is left alone",
      default: 5,
      minimum: 1,
      maximum: 1_000,
    }),
    breakerOpenMs: Type.Integer({
      description: "how long it is left alone before one call tries it again",
      default: 1_000,
      minimum: 10,
      maximum: 60_000,
    }),
    connectionsMax: Type.Integer({
      description: "connections to one recommender; past it calls wait for a free one",
      default: 128,
      minimum: 1,
      maximum: 10_000,
    }),
  }),
});
export type MlConfig = Readonly<Static<typeof mlConfig.schema>>;
