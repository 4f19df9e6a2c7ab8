/** Behind the edge: who the gateway proved the caller to be, and how coalesced events are framed. */
import Type, { type Static } from "typebox";
import { base64urlDecode, base64urlEncode, utf8 } from "./encoding.ts";
import type { Scope } from "./keys.ts";
import { Tier } from "./tiers.ts";

export const PRINCIPAL_HEADER = "endcap-principal";
/** Milliseconds left for an answer. */
export const DEADLINE_HEADER = "endcap-deadline-ms";
export const COALESCED_CONTENT_TYPE = "application/vnd.endcap.batch+ndjson";
/** Frames of parts, both ways, for as long as the request is open. */
export const PARTS_CONTENT_TYPE = "application/vnd.endcap.parts";

/** The key of a principal that is control itself: no key of a shop looks like it. */
export const CONTROL_KEY = "control";

/** A proven caller. `ep1` and `ec1` speak for one shopper; `sk` for the shop, within its scopes. */
export const Principal = Type.Object(
  {
    tenant: Type.String({ pattern: "^tnt-[a-z2-7]{16}$" }),
    env: Type.Union([Type.Literal("live"), Type.Literal("test")]),
    tier: Tier,
    scope: Type.Array(Type.String()),
    auth: Type.Union([Type.Literal("ep1"), Type.Literal("ec1"), Type.Literal("sk")]),
    key: Type.String(),
    anonymousId: Type.Optional(Type.String()),
    userId: Type.Optional(Type.String()),
  },
  { title: "Principal", additionalProperties: false },
);
export type Principal = Omit<Static<typeof Principal>, "scope"> & { scope: readonly Scope[] };

/** The header value of a principal: base64url of its JSON. */
export function encodePrincipal(principal: Principal): string {
  return base64urlEncode(utf8(JSON.stringify(principal)));
}

/** The JSON inside a principal header, unchecked; `null` when it is none. Check it against the `Principal` schema. */
export function decodePrincipal(header: string, decodeText: (bytes: Uint8Array) => string): unknown {
  const bytes = base64urlDecode(header);
  if (!bytes) return null;
  try {
    return JSON.parse(decodeText(bytes));
  } catch {
    return null;
  }
}

/**
 * Header line of one part of POST /internal/v1/event-batches: principal, request id, payload bytes that follow. `a`, only
 * from pages of a tenant that has its catalogue observed: a mark that is the same for the same network address, and that
 * nobody but the gateways can lead back to it.
 */
export const CoalescedPartHeader = Type.Object(
  {
    p: Principal,
    r: Type.String({ maxLength: 100 }),
    n: Type.Integer({ minimum: 0 }),
    a: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
  },
  { additionalProperties: false },
);
export type CoalescedPartHeader = Static<typeof CoalescedPartHeader>;

/** One line of its answer, in the order of the parts: request id, status, body (an EventsAnswer or ProblemDetails). */
export const CoalescedPartAnswer = Type.Object({ r: Type.String(), s: Type.Integer(), b: Type.Unknown() });
export type CoalescedPartAnswer = Static<typeof CoalescedPartAnswer>;

/**
 * Header line of one part on the open request POST /internal/v1/recommendation-parts: principal, request id, bytes of the
 * RecommendationRequest that follows, milliseconds left for its answer, trace context.
 */
export const AskedPartHeader = Type.Object({
  p: Principal,
  r: Type.String({ maxLength: 100 }),
  n: Type.Integer({ minimum: 0 }),
  d: Type.Optional(Type.Integer({ minimum: 0 })),
  t: Type.Optional(Type.String({ description: "traceparent" })),
  ts: Type.Optional(Type.String({ description: "tracestate" })),
});
export type AskedPartHeader = Static<typeof AskedPartHeader>;

/** Header line that gives up a part that was asked on the same request: its client has left. */
export const LeftPartHeader = Type.Object({ r: Type.String(), n: Type.Literal(0), x: Type.Literal(true) });
export type LeftPartHeader = Static<typeof LeftPartHeader>;

/**
 * Header line of the answer to one part, in the order in which answers are made: request id, status, bytes of the answer
 * (a RecommendationAnswer or ProblemDetails) that follows.
 */
export const AnsweredPartHeader = Type.Object({ r: Type.String(), s: Type.Integer(), n: Type.Integer({ minimum: 0 }) });
export type AnsweredPartHeader = Static<typeof AnsweredPartHeader>;

/** Header line by which the answering side says that it takes no more parts, and finishes those it has. */
export const LastPartsHeader = Type.Object({ n: Type.Literal(0), last: Type.Literal(true) });
export type LastPartsHeader = Static<typeof LastPartsHeader>;

/** POST /internal/v1/links: a session proved both ids. */
export const LinkRequest = Type.Object(
  { anonymousId: Type.String(), userId: Type.String(), at: Type.String() },
  { title: "LinkRequest", additionalProperties: false },
);
export type LinkRequest = Static<typeof LinkRequest>;
