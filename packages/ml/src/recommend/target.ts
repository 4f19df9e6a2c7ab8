import {
  EndcapError,
  HOLDOUT,
  isHeldOut,
  isStrategy,
  type Placement,
  type Principal,
  placementIn,
  type RecommendationRequest,
  type SnapshotTenant,
  type Strategy,
  variantOf,
} from "@endcap/protocol";
import type { KnownTenants } from "./known-tenants.ts";

/** What a request comes down to: what to rank by, under which rules, and who does it. */
export interface Target {
  readonly strategy: Strategy;
  readonly placement?: Placement;
  /** The arm of the placement's experiment that this shopper is in, or `holdout`. */
  readonly variant?: string;
  /** The shopper is one of those who are shown nothing. */
  readonly heldOut?: true;
  /** The id the caller asked by, also where the snapshot does not know it yet. */
  readonly placementId?: string;
  /** Origins. Absent: the tenant has none, or this process has not heard of it. */
  readonly recommenderUrl?: string;
  readonly collectorUrl?: string;
}

/**
 * A placement fixes its strategy, so one that is named beside it is not looked at. Both environments of a tenant share
 * placements and recommender; only the live one holds shoppers out, as nothing is sold in the other.
 * @throws EndcapError `placement_not_found`, `invalid_request` when neither is named
 */
export function resolveTarget(
  request: RecommendationRequest,
  principal: Pick<Principal, "tenant" | "env">,
  known: KnownTenants,
): Target {
  const tenant = known.tenant(principal.tenant);
  const { shopper = {} } = request;
  const heldOut = tenant && principal.env === "live" && isHeldOut(tenant.id, tenant.settings.holdoutShare, shopper);
  const common = {
    ...(tenant && addressesOf(known, tenant)),
    ...(heldOut && ({ heldOut, variant: HOLDOUT } as const)),
  };
  const { placement: placementId, strategy } = request;
  if (placementId !== undefined) {
    const placement = tenant?.placements.find(({ id }) => id === placementId);
    if (placement) {
      const variant =
        heldOut || placement.experiment === undefined ? undefined : variantOf(placement.experiment, shopper);
      const resolved = placementIn(placement, variant);
      return {
        ...common,
        placementId,
        placement: resolved,
        strategy: strategyOf(resolved.strategy),
        ...(variant && { variant: variant.name }),
      };
    }
    if (tenant) throw new EndcapError("placement_not_found");
    // A tenant so new that only the gateway knows it: its page gets the fallback rather than a fault.
    return { placementId, strategy: "for_you" };
  }
  if (strategy === undefined) {
    throw new EndcapError("invalid_request", {
      detail: "Name a placement or a strategy",
      errors: [{ pointer: "/placement", code: "required" }],
    });
  }
  return { ...common, strategy: strategyOf(strategy) };
}

function addressesOf(known: KnownTenants, { routes }: SnapshotTenant) {
  const recommender = routes.recommender === null ? undefined : known.upstream(routes.recommender);
  const collector = known.upstream(routes.collector);
  return {
    ...(recommender && { recommenderUrl: recommender.url }),
    ...(collector && { collectorUrl: collector.url }),
  };
}

function strategyOf(name: string): Strategy {
  if (!isStrategy(name)) throw new EndcapError("strategy_unknown");
  return name;
}
