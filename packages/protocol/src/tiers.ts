/** The tier table. It lives here and nowhere else; control may override single limits for a tenant. */
import Type, { type Static } from "typebox";

export const Tier = Type.Union([Type.Literal("standard"), Type.Literal("premium"), Type.Literal("enterprise")], {
  title: "Tier",
});
export type Tier = Static<typeof Tier>;

export const TierLimits = Type.Object(
  {
    requestsPerSecond: Type.Integer({ minimum: 1 }),
    burst: Type.Integer({ minimum: 1 }),
    inFlightMax: Type.Integer({ minimum: 1 }),
    /** The hard threshold; the soft one is `QUOTA_SOFT_SHARE` of it. */
    eventsPerMonth: Type.Integer({ minimum: 0 }),
    retentionDays: Type.Integer({ minimum: 1 }),
    /** Bytes of any one body; absent: the route's own bound. */
    bodyBytesMax: Type.Optional(Type.Integer({ minimum: 1_024 })),
  },
  { title: "TierLimits", additionalProperties: false },
);
export type TierLimits = Static<typeof TierLimits>;

export interface TierPlan {
  readonly limits: TierLimits;
  /** Whether the tenant has its own edge, Collector and ML deployments or uses the shared pool. */
  readonly dedicated: boolean;
  /** `hibernate`: stops when idle, woken by a request. `always`: one, kept running. `replicas`: several. */
  readonly recommender: "hibernate" | "always" | "replicas";
  /** Who is shed last when a process is overloaded: higher stays longer. */
  readonly priority: number;
}

/** From this share of the month's events on, answers warn; at the whole of it events are refused. */
export const QUOTA_SOFT_SHARE = 0.8;

/** What the fields `RateLimit` and `RateLimit-Policy` follow. */
export const RATE_LIMIT_DRAFT = "draft-ietf-httpapi-ratelimit-headers-10";

const MILLION = 1_000_000;

export const TIERS: Readonly<Record<Tier, TierPlan>> = {
  standard: {
    limits: { requestsPerSecond: 200, burst: 400, inFlightMax: 64, eventsPerMonth: 10 * MILLION, retentionDays: 90 },
    dedicated: false,
    recommender: "hibernate",
    priority: 0,
  },
  premium: {
    limits: {
      requestsPerSecond: 2_000,
      burst: 4_000,
      inFlightMax: 512,
      eventsPerMonth: 200 * MILLION,
      retentionDays: 180,
    },
    dedicated: true,
    recommender: "always",
    priority: 1,
  },
  enterprise: {
    limits: {
      requestsPerSecond: 10_000,
      burst: 20_000,
      inFlightMax: 2_048,
      eventsPerMonth: 2_000 * MILLION,
      retentionDays: 400,
    },
    dedicated: true,
    recommender: "replicas",
    priority: 2,
  },
};
