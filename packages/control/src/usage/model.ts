import Type, { type Static } from "typebox";

const count = Type.Integer({ minimum: 0 });

/** A tenant's last hour, from its usage records. */
const RecentUsage = Type.Object(
  {
    requests: count,
    events: count,
    requestsPerSecond: Type.Number(),
    refused: Type.Integer({ minimum: 0, description: "Answers of 4xx" }),
    failed: Type.Integer({ minimum: 0, description: "Answers of 5xx" }),
    p50Ms: Type.Union([Type.Number(), Type.Null()], { description: "Upper bound of its latency class" }),
    p99Ms: Type.Union([Type.Number(), Type.Null()]),
  },
  { title: "RecentUsage" },
);

export const TenantUsage = Type.Object(
  {
    tenant: Type.String(),
    slug: Type.String({ description: "Of a deleted tenant too" }),
    month: Type.String(),
    events: Type.Integer({ minimum: 0, description: "Accepted live events: what is billed" }),
    eventsPerMonth: Type.Union([count, Type.Null()], { description: "Null for a deleted tenant" }),
    testEvents: count,
    requests: Type.Integer({ minimum: 0, description: "Live requests of the month, whatever was answered" }),
    lastHour: RecentUsage,
  },
  { title: "TenantUsage" },
);
export type TenantUsage = Static<typeof TenantUsage>;

export const UsageByRoute = Type.Object(
  {
    env: Type.Enum(["live", "test"]),
    route: Type.String(),
    status: Type.Integer(),
    code: Type.Optional(Type.String()),
    requests: count,
    events: count,
    meanMs: Type.Number(),
    p99Ms: Type.Union([Type.Number(), Type.Null()]),
  },
  { title: "UsageByRoute" },
);
export type UsageByRoute = Static<typeof UsageByRoute>;
