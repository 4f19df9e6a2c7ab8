import { defineConfig, serviceKeys } from "@endcap/service-kit";
import Type, { type Static } from "typebox";

export const collectorConfig = defineConfig({
  service: "collector",
  schema: Type.Object({
    ...serviceKeys({ port: 7402, adminPort: 7412 }),
    jwksFile: Type.String({ description: "public keys of the gateway groups, a JWKS file", minLength: 1 }),
    tables: Type.String({
      description: "where the tenants' tables are, a URI such as lmdb:/data/tenants",
      minLength: 1,
    }),
    tenant: Type.Optional(
      Type.String({ description: "the one tenant this process serves; absent: all", pattern: "^tnt-[a-z2-7]{16}$" }),
    ),
    tablesOpenMax: Type.Integer({
      description: "tenants' tables kept open at once, least recently used closed first",
      default: 64,
      minimum: 1,
      maximum: 4096,
    }),
    pendingBytesMax: Type.Integer({
      description: "payload bytes of events that wait for stable storage; past it the answer is 503 overloaded",
      default: 64 * 1024 * 1024,
      minimum: 1024 * 1024,
    }),
  }),
});
export type CollectorConfig = Readonly<Static<typeof collectorConfig.schema>>;
