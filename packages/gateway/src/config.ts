import { LIMITS } from "@endcap/protocol";
import { defineConfig, serviceKeys } from "@endcap/service-kit";
import Type, { type Static } from "typebox";

export const gatewayConfig = defineConfig({
  service: "gateway",
  schema: Type.Object({
    ...serviceKeys({ port: 7401, adminPort: 7411 }),
    workers: Type.Integer({
      description:
        "processes that share the port, each a gateway of its own; on a fleet take replicas instead. The admin ports are adminPort and those after it",
      default: 1,
      minimum: 1,
      maximum: 64,
    }),
    snapshotFile: Type.Optional(
      Type.String({
        description: "standalone: a YAML file of tenants and upstreams in place of control, taken over when it changes",
        minLength: 1,
      }),
    ),
    controlUrl: Type.Optional(
      Type.String({
        description: "control's origin; absent: the snapshot on disk is all there is",
        pattern: "^https?://[^/]+$",
      }),
    ),
    snapshotPublicKeyFile: Type.Optional(
      Type.String({
        description: "Ed25519 PEM that verifies control's snapshots; required with control",
        minLength: 1,
      }),
    ),
    snapshotAgeMsMax: Type.Integer({
      description:
        "how long control may be silent before readiness turns 503; requests are served on. The default is the age to which a browser's batch is taken",
      default: LIMITS.batchAgeMs,
      minimum: 60_000,
    }),
    nodeDir: Type.String({
      description: "this process's own directory: its last snapshot and the keys it makes itself",
      default: ".endcap/nodes/gateway",
      minLength: 1,
    }),
    keyFile: Type.Optional(
      Type.String({
        description:
          "Ed25519 private key of this gateway's group, PKCS8 PEM; standalone without it: one made in nodeDir, jwks.json beside it",
        minLength: 1,
      }),
    ),
    group: Type.String({ description: "gateway group, the id of that key", default: "shared", minLength: 1 }),
    tenants: Type.String({
      description: "what this group may speak for: * or the one tenant of a dedicated gateway",
      default: "*",
      pattern: "^(\\*|tnt-[a-z2-7]{16})$",
    }),
    publicUrl: Type.Optional(
      Type.String({
        description: "origin that shops call this gateway by; absent: http and the Host of the request",
        pattern: "^https?://[^/]+$",
      }),
    ),
    trustProxy: Type.Boolean({
      description:
        "the client's address is the last in X-Forwarded-For; only behind a load balancer that adds it there",
      default: false,
    }),
    sdkDir: Type.Optional(
      Type.String({ description: "directory of the built browser SDK; absent: the one beside us" }),
    ),
    recommendDeadlineMs: Type.Integer({
      description: "time that ml and recommenders get for an answer",
      default: LIMITS.recommendDeadlineMs,
      minimum: 10,
      maximum: 10_000,
    }),
    requestMsMax: Type.Integer({
      description: "time for a whole request to arrive, headers and body; after that 408. Checked to the second",
      default: 30_000,
      minimum: 1_000,
      maximum: 300_000,
    }),
    upstreamMsMax: Type.Integer({
      description: "longest wait for an upstream's answer, after that 504; checked to the second",
      default: 10_000,
      minimum: 1_000,
      maximum: 300_000,
    }),
    upstreamConnectionsMax: Type.Integer({
      description: "connections to one upstream",
      default: 64,
      minimum: 1,
      maximum: 10_000,
    }),
    upstreamHealthEveryMs: Type.Integer({
      description:
        "how often /healthz of the upstreams in use is asked, 0 never; two missed answers in a row open the breaker",
      default: 5_000,
      minimum: 0,
      maximum: 600_000,
    }),
    upstreamCaFile: Type.Optional(
      Type.String({ description: "PEM authorities of the operator's own https upstreams; absent: the system's" }),
    ),
    upstreamCertFile: Type.Optional(
      Type.String({
        description: "PEM certificate that this gateway shows its own upstreams (mutual TLS), read at the start",
      }),
    ),
    upstreamKeyFile: Type.Optional(Type.String({ description: "PEM key of that certificate" })),
    queuedBytesMax: Type.Integer({
      description: "events waiting for one collector, in bytes; past it 503",
      default: 64 * 1024 * 1024,
      minimum: 1024 * 1024,
    }),
    bodiesBytesMax: Type.Integer({
      description: "bodies of servers' requests held at once, in bytes; past it 503",
      default: 256 * 1024 * 1024,
      minimum: 16 * 1024 * 1024,
    }),
    addressRequestsPerSecond: Type.Integer({
      description: "requests a second from one address without a session",
      default: 20,
      minimum: 1,
    }),
    addressBurst: Type.Integer({
      description: "requests at once from one address without a session",
      default: 120,
      minimum: 1,
    }),
    addressesMax: Type.Integer({
      description: "addresses remembered for each limit by address",
      default: 50_000,
      minimum: 1_000,
    }),
    browserRequestsPerSecond: Type.Integer({
      description: "signed browser requests a second from one address: many shoppers share one behind a carrier",
      default: 1_000,
      minimum: 1,
    }),
    browserBurst: Type.Integer({
      description: "signed browser requests at once from one address",
      default: 5_000,
      minimum: 1,
    }),
    sessionRequestsPerSecond: Type.Integer({
      description: "requests a second of one browser session",
      default: 20,
      minimum: 1,
    }),
    sessionBurst: Type.Integer({ description: "requests at once of one browser session", default: 200, minimum: 1 }),
    refusalsPerSecond: Type.Integer({
      description: "failed authentications a second from one address that are told their reason",
      default: 5,
      minimum: 1,
    }),
    refusalsBurst: Type.Integer({
      description: "failed authentications at once from one address that are told their reason",
      default: 100,
      minimum: 1,
    }),
    sessionsCachedMax: Type.Integer({
      description: "verified session tokens, and what each has used of its rate, remembered; about 2 KB each",
      default: 20_000,
      minimum: 100,
    }),
    gateways: Type.Integer({
      description: "gateways that share each tenant's limits, until control tells how many live",
      default: 1,
      minimum: 1,
      maximum: 1_000,
    }),
    redisUrl: Type.Optional(
      Type.String({
        description:
          "redis:// or rediss:// by which gateways share tenants' rates and nonces; absent: each has its part",
        pattern: "^rediss?://[^\\s]+$",
        secret: true,
      }),
    ),
    overloadDelayMs: Type.Integer({
      description:
        "mean delay of the event loop, or shortest time in which anybody is answered, past which requests are shed by tier; 0 never sheds",
      default: 250,
      minimum: 0,
      maximum: 10_000,
    }),
    usageFlushMs: Type.Integer({
      description:
        "how often usage is written to disk, of a thousand tenants or a tenth of all that were ever asked; a killed process loses what was counted since",
      default: 1_000,
      minimum: 20,
      maximum: 60_000,
    }),
    usageBytesMax: Type.Integer({
      description: "usage on disk that waits for control, in bytes; past it it is added up in memory",
      default: 256 * 1024 * 1024,
      minimum: 64 * 1024,
    }),
    otlpUrl: Type.Optional(
      Type.String({
        description:
          "where spans are sent, OTLP/HTTP with JSON, as http://otel:4318/v1/traces; absent: none are made, trace contexts are still handed on",
        pattern: "^https?://",
      }),
    ),
    traceSampleRatio: Type.Number({
      description: "share of the traces that are exported, decided by the trace's id",
      default: 0.01,
      minimum: 0,
      maximum: 1,
    }),
    noncesPerKeyMax: Type.Integer({
      description: "used signatures remembered for one key; past it the oldest are forgotten",
      default: 200_000,
      minimum: 1_000,
    }),
  }),
});
export type GatewayConfig = Readonly<Static<typeof gatewayConfig.schema>>;
