import { defineConfig, serviceKeys } from "@endcap/service-kit";
import Type, { type Static } from "typebox";

const hibernateMs = (tier: string, fallback: number) =>
  Type.Integer({
    description: `time without a request after which a ${tier} tenant's recommender is stopped until the next one, 0 = never`,
    default: fallback,
    minimum: 0,
    maximum: 604_800_000,
  });

const port = (what: string, fallback: number) =>
  Type.Integer({ description: `${what}, 0 picks a free one`, default: fallback, minimum: 0, maximum: 65_535 });

export const controlConfig = defineConfig({
  service: "control",
  schema: Type.Object({
    ...serviceKeys({ port: 7400, adminPort: 0 }),
    dataDir: Type.String({ description: "data directory", default: "./.endcap/data", minLength: 1 }),
    databaseUrl: Type.Optional(
      Type.String({
        description: "PostgreSQL to use instead of the embedded one",
        secret: true,
        pattern: "^postgres(ql)?://",
      }),
    ),
    provisioner: Type.Enum(["local", "none"], {
      description: "local: run gateway, collector, ml and recommenders as child processes; none: somebody else does",
      default: "local",
    }),
    gatewayPort: port("port of the shared gateway", 7401),
    collectorPort: port("port of the shared collector", 7402),
    mlPort: port("port of the shared ml process", 7403),
    readyMsMax: Type.Integer({
      description: "how long a child process may take until it listens",
      default: 30_000,
      minimum: 1_000,
    }),
    hibernateStandardMs: hibernateMs("standard", 900_000),
    hibernatePremiumMs: hibernateMs("premium", 0),
    hibernateEnterpriseMs: hibernateMs("enterprise", 0),
    trainEveryMs: Type.Integer({
      description: "how often each tenant's new events are counted for a scheduled training, 0 trains on demand only",
      default: 3_600_000,
      minimum: 0,
    }),
    trainNewRowsMin: Type.Integer({
      description: "rows a tenant's table must have gained since its last training for a scheduled one",
      default: 1_000,
      minimum: 1,
    }),
  }),
});
export type ControlConfig = Static<typeof controlConfig.schema>;
