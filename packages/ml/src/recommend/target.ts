import {
  EndcapError,
  isStrategy,
  type Placement,
  type RecommendationRequest,
  type SnapshotTenant,
  type Strategy,
} from "@endcap/protocol";
import type { SnapshotState } from "@endcap/service-kit";

/** What a request comes down to: what to rank by, under which rules, and who does it. */
export interface Target {
  readonly strategy: Strategy;
  readonly placement?: Placement;
  /** The arm of the placement's experiment that this shopper is in. */
  readonly variant?: string;
  /** The id the caller asked by, also where the snapshot does not know it yet. */
  readonly placementId?: string;
  /** Origins. Absent: the tenant has none, or this process has not heard of it. */
  readonly recommenderUrl?: string;
  readonly collectorUrl?: string;
}

/**
 * A placement fixes its strategy, so one that is named beside it is not looked at. Both environments of a tenant share
 * placements and recommender.
 * @throws EndcapError `placement_not_found`, `invalid_request` when neither is named
 */
export function resolveTarget(
  request: RecommendationRequest,
  tenantId: string,
  snapshot: SnapshotState | undefined,
): Target {
  const tenant = snapshot?.tenants.get(tenantId);
  const addresses = snapshot && tenant ? addressesOf(snapshot, tenant) : {};
  const { placement: placementId, strategy } = request;
  if (placementId !== undefined) {
    const placement = tenant?.placements.find(({ id }) => id === placementId);
    if (placement) return { ...addresses, placementId, placement, strategy: strategyOf(placement.strategy) };
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
  return { ...addresses, strategy: strategyOf(strategy) };
}

function addressesOf(snapshot: SnapshotState, { routes }: SnapshotTenant) {
  const recommender = routes.recommender === null ? undefined : snapshot.upstreams.get(routes.recommender);
  const collector = snapshot.upstreams.get(routes.collector);
  return {
    ...(recommender && { recommenderUrl: recommender.url }),
    ...(collector && { collectorUrl: collector.url }),
  };
}

function strategyOf(name: string): Strategy {
  if (!isStrategy(name)) throw new EndcapError("strategy_unknown");
  return name;
}
