/** Asking for recommendations. */
import type { RecommendationAnswer, RecommendationRequest, StrategyRequest } from "@endcap/protocol";
import { type CallOptions, json, type Transport } from "./http/transport.ts";

/** A shopper waits for this page: better late by one retry than never, but not by thirty seconds. */
const DEFAULTS: CallOptions = { timeoutMsMax: 2000, retries: 1 };

export class Recommendations {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Items for a placement (its rules and experiments apply) or a strategy, hydrated unless `include` leaves `item` out.
   * Deadline 2 s unless `timeoutMsMax` says otherwise. When the recommender is down the answer holds popular items and
   * says so in `fallback`.
   */
  get(request: RecommendationRequest, options: CallOptions = {}): Promise<RecommendationAnswer> {
    return this.#transport.send(
      { method: "POST", path: "/v1/recommendations", body: json(request) },
      { ...DEFAULTS, ...options },
    );
  }
}

export class Recommenders {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Raw ids and scores of one strategy, straight from the tenant's recommender: no placement rules, no fallback. */
  async rank(strategy: string, request: StrategyRequest, options: CallOptions = {}): Promise<RecommendationAnswer> {
    if (!/^[A-Za-z0-9:_.-]+$/.test(strategy)) throw new TypeError("strategy is not a strategy's name");
    return this.#transport.send(
      { method: "POST", path: `/v1/recommenders/${strategy}`, body: json(request) },
      { ...DEFAULTS, ...options },
    );
  }
}
