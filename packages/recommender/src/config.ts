import { defineConfig, serviceKeys } from "@endcap/service-kit";
import Type, { type Static } from "typebox";

/** One tenant's recommender. The environment names are ENDCAP_RECOMMENDER_<KEY>. */
export const recommenderConfig = defineConfig({
  service: "recommender",
  schema: Type.Object(
    {
      ...serviceKeys({ port: 7404, adminPort: 7414 }),
      tenant: Type.String({ description: "the one tenant this process serves", pattern: "^tnt-[a-z2-7]{16}$" }),
      tables: Type.String({
        description: "where the tenants' tables are, e.g. lmdb:/var/lib/endcap/tenants",
        minLength: 1,
      }),
      models: Type.String({
        description: "where the tenants' models are, e.g. file:/var/lib/endcap/tenants",
        minLength: 1,
      }),
      jwksFile: Type.String({ description: "public keys of the gateway groups", minLength: 1 }),
      pollMs: Type.Integer({
        description: "how often the champion model and the catalogue are looked at",
        default: 1_000,
        minimum: 10,
        maximum: 60_000,
      }),
      historyEvents: Type.Integer({
        description: "newest events of a shopper that are read for an answer",
        default: 200,
        minimum: 1,
        maximum: 2_000,
      }),
      exploreEvery: Type.Integer({
        description: "at most one of so many positions shows an item that nobody has looked at yet; 0 = none",
        default: 8,
        minimum: 0,
        maximum: 1_000,
      }),
      idleMs: Type.Integer({
        description:
          "time without a request after which whoever started this process is told, so that it may end it; 0 = never",
        default: 0,
        minimum: 0,
        maximum: 604_800_000,
      }),
      fallbackMs: Type.Integer({
        description: "least time between two publications of the fallback list",
        default: 30_000,
        minimum: 100,
        maximum: 3_600_000,
      }),
    },
    { additionalProperties: false },
  ),
});
export type RecommenderConfig = Static<typeof recommenderConfig.schema>;
