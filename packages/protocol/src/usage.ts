/**
 * Usage: what each gateway counted, on its way to control. A record is what one tenant did with one route and one
 * outcome in one short window; it is identified by the gateway's source and its sequence there.
 */
import Type, { type Static } from "typebox";

const count = Type.Integer({ minimum: 0 });

/** Upper bounds of a record's latency classes, in ms; one more class holds what took longer. */
export const LATENCY_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000] as const;

export const UsageRecord = Type.Object(
  {
    sequence: Type.Integer({ minimum: 1, description: "Rises by one with each record of a source" }),
    at: Type.Integer({ minimum: 0, description: "Unix ms: the window's start by the gateway's clock" }),
    tenant: Type.String({ pattern: "^tnt-[a-z2-7]{16}$" }),
    env: Type.Enum(["live", "test"]),
    route: Type.String({ maxLength: 200, description: "Method and pattern, as in POST /v1/events" }),
    status: Type.Integer({ minimum: 100, maximum: 599 }),
    code: Type.Optional(Type.String({ maxLength: 100, description: "Of the error that was answered" })),
    requests: count,
    events: Type.Integer({ minimum: 0, description: "Accepted by the collector" }),
    ms: Type.Integer({ minimum: 0, description: "Sum of the requests' durations" }),
    latency: Type.Array(count, {
      minItems: LATENCY_BOUNDS_MS.length + 1,
      maxItems: LATENCY_BOUNDS_MS.length + 1,
      description: "Requests by LATENCY_BOUNDS_MS",
    }),
  },
  { title: "UsageRecord", additionalProperties: false },
);
export type UsageRecord = Static<typeof UsageRecord>;

/** POST /internal/v1/usage, gateway to control: what is new here, and what is asked for in return. */
export const UsageReport = Type.Object(
  {
    source: Type.String({
      pattern: "^[a-z0-9-]{8,64}$",
      description: "One run of one gateway; a record's id begins with it",
    }),
    records: Type.Array(UsageRecord, { maxItems: 1_000, description: "In the order of their sequence" }),
    month: Type.String({ pattern: "^\\d{4}-\\d{2}$", description: "UTC month whose totals are asked for" }),
    cursor: Type.Integer({ minimum: 0, description: "Totals known so far; 0 asks for all" }),
    reporter: Type.String({
      pattern: "^[a-z0-9-]{8,64}$",
      description: "The run that speaks: older sources are its legacy",
    }),
    leaving: Type.Boolean({ description: "The gateway stops: it takes no share from here on" }),
  },
  { title: "UsageReport", additionalProperties: false },
);
export type UsageReport = Static<typeof UsageReport>;

export const UsageAnswer = Type.Object(
  {
    through: Type.Integer({ description: "Everything of the source up to here is kept; it may be forgotten there" }),
    totals: Type.Array(Type.Object({ tenant: Type.String(), events: count }, { additionalProperties: false }), {
      description: "Events of the month, all gateways together, of tenants that changed since the cursor",
    }),
    cursor: Type.Integer(),
    more: Type.Boolean({ description: "Ask again with the new cursor" }),
    gateways: Type.Integer({ minimum: 1, description: "Gateways of the caller's group that were heard lately" }),
  },
  { title: "UsageAnswer", additionalProperties: false },
);
export type UsageAnswer = Static<typeof UsageAnswer>;

/** The UTC month of a time, as `2026-11`. */
export function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, 7);
}
