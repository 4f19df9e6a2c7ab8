import {
  CONTROL_KEY,
  EndcapError,
  type Event,
  judgeEvent,
  LIMITS,
  Preview,
  type Principal,
  RecommendationRequest,
  type Shopper,
} from "@endcap/protocol";
import Type, { type Static } from "typebox";

/**
 * The request as it is checked at the door: as in the contract, but for the events it carries. Those are judged one by
 * one, as the collector does, so that a list never fails for one odd event that the page has in its queue.
 */
export const LenientRequest = Type.Object(
  {
    ...RecommendationRequest.properties,
    context: Type.Optional(
      Type.Object(
        { recent: Type.Optional(Type.Array(Type.Unknown(), { maxItems: LIMITS.recommendationRecentMax })) },
        { additionalProperties: false },
      ),
    ),
    preview: Type.Optional(Preview),
  },
  { title: "RecommendationRequest", additionalProperties: false },
);
export type LenientRequest = Static<typeof LenientRequest>;

const known: ReadonlySet<string> = new Set(Object.keys(LenientRequest.properties));

/**
 * A page's SDK may be newer than this service, in a shop's own bundle: what it asks beyond the contract is left out, and
 * the list comes without it. A server's mistake is told it, as a filter that is misspelt would be one that is missing.
 */
export function withoutUnknown(body: unknown, { auth }: Principal): unknown {
  if (auth === "sk" || typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const entries = Object.entries(body);
  return entries.every(([name]) => known.has(name))
    ? body
    : Object.fromEntries(entries.filter(([name]) => known.has(name)));
}

/**
 * The request as the recommender gets it: the proven shopper, the well-formed events. Languages are not its affair.
 * @throws EndcapError `scope_missing`
 */
export function settleRequest(body: LenientRequest, principal: Principal, now: number): RecommendationRequest {
  const { context, preview: _preview, locale: _locale, ...rest } = body;
  const recent = (context?.recent ?? []).flatMap((raw): Event[] => {
    const verdict = judgeEvent(raw, { now, imported: false });
    return verdict.ok ? [verdict.value] : [];
  });
  return { ...rest, shopper: shopperOf(body, principal), ...(recent.length > 0 && { context: { recent } }) };
}

/**
 * Control looks at what a placement will do; nobody else may.
 * @throws EndcapError `invalid_request`
 */
export function previewOf({ preview }: LenientRequest, { auth, key }: Principal): Preview | undefined {
  if (preview !== undefined && (auth !== "sk" || key !== CONTROL_KEY)) {
    throw new EndcapError("invalid_request", { errors: [{ pointer: "/preview", code: "additionalProperties" }] });
  }
  return preview;
}

/** A browser speaks for the shopper that the gateway proved, whatever its payload says; a server names one. */
function shopperOf(body: LenientRequest, principal: Principal): Shopper {
  if (principal.auth === "sk") {
    if (!principal.scope.includes("recommendations:read")) {
      throw new EndcapError("scope_missing", { detail: "This needs the scope recommendations:read" });
    }
    return body.shopper ?? {};
  }
  const { anonymousId, userId } = principal;
  return { ...(anonymousId !== undefined && { anonymousId }), ...(userId !== undefined && { userId }) };
}
