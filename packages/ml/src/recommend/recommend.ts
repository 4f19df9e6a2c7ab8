import { randomFillSync } from "node:crypto";
import {
  type Filter,
  type Preview,
  type Principal,
  type RecommendationAnswer,
  type RecommendationRequest,
  uuidV7,
} from "@endcap/protocol";
import type { Deadline } from "@endcap/service-kit";
import { Counter, type Registry } from "prom-client";
import { fallbackAnswer } from "../fallback/answer.ts";
import { Filters } from "../fallback/filters.ts";
import type { FallbackLists } from "../fallback/lists.ts";
import type { Outcome } from "../recommenders/outcome.ts";
import type { Recommenders } from "../recommenders/recommenders.ts";
import type { ServedReporter } from "../served/reporter.ts";
import { holdoutAnswer } from "./holdout.ts";
import type { KnownTenants } from "./known-tenants.ts";
import { Money } from "./money.ts";
import { type LenientRequest, previewOf, settleRequest } from "./request.ts";
import { resolveTarget, type Target } from "./target.ts";

export interface RecommendOptions {
  readonly known: KnownTenants;
  readonly recommenders: Recommenders;
  readonly lists: FallbackLists;
  readonly reporter: ServedReporter;
  readonly registry: Registry;
  readonly deadlineMarginMs: number;
  readonly now: () => number;
}

/** What is asked, by a request of its own or by a part of one. */
export interface Asked {
  readonly body: LenientRequest;
  readonly principal: Principal;
  /** The gateway's own, handed on to the recommender. */
  readonly authorization: string;
  readonly requestId: string;
  readonly deadline: Deadline;
  /** Aborts when the caller goes away. */
  readonly caller: AbortSignal;
}

export interface Recommended {
  readonly json: string;
  /** To be run once the list has reached a live connection: what nobody received was not served. */
  readonly served?: () => void;
}

/**
 * Always a list for a proper request, whoever has to make it; `undefined` when the caller has left.
 * @throws EndcapError for the caller's own faults
 */
export type Recommend = (asked: Asked) => Promise<Recommended | undefined>;

export function createRecommend(options: RecommendOptions): Recommend {
  const { known, recommenders, lists, reporter, deadlineMarginMs, now } = options;
  const filters = new Filters();
  const money = new Money();
  const answers = new Counter({
    name: "endcap_recommendations_total",
    help: "lists answered, by who made them",
    labelNames: ["by"],
    registers: [options.registry],
  });
  const failures = new Counter({
    name: "endcap_recommender_failures_total",
    help: "requests that no recommender answered, by why",
    labelNames: ["reason"],
    registers: [options.registry],
  });

  async function rank(
    { authorization, principal, requestId, deadline, caller }: Asked,
    request: RecommendationRequest,
    { recommenderUrl, strategy, placement, variant }: Target,
    preview: Preview | undefined,
  ): Promise<Outcome> {
    if (recommenderUrl === undefined) return { kind: "failure", failure: "absent" };
    const msMax = Math.floor(deadline.msLeft() - deadlineMarginMs);
    if (msMax <= 0) return { kind: "failure", failure: "late" };
    return await recommenders.call({
      url: recommenderUrl,
      rank: {
        request,
        strategy,
        ...(placement && { placement }),
        ...(variant !== undefined && { variant }),
        ...(preview && { preview }),
      },
      authorization,
      principal,
      requestId,
      msMax,
      caller,
    });
  }

  /** A list of our own, which we report. An empty list is none, but for a shopper who was held out. */
  function ourOwn(
    answer: RecommendationAnswer,
    { principal, body: { locale } }: Asked,
    { collectorUrl, strategy, variant, heldOut }: Target,
    { shopper = {} }: RecommendationRequest,
    preview: Preview | undefined,
  ): Recommended {
    const json = money.into(JSON.stringify(answer), locale);
    if (preview !== undefined || collectorUrl === undefined || (answer.items.length === 0 && !heldOut)) return { json };
    const served = () =>
      reporter.report(collectorUrl, principal, {
        recommendationId: answer.recommendationId,
        at: answer.serverTime,
        shopper,
        items: answer.items.map(({ id }) => id),
        strategy,
        ...(answer.placement !== undefined && { placement: answer.placement }),
        ...(variant !== undefined && { variant }),
        modelVersion: answer.model?.version ?? null,
        answeredBy: "fallback",
      });
    return { json, served };
  }

  return async (asked) => {
    const { body, principal, deadline } = asked;
    const preview = previewOf(body, principal);
    const request = settleRequest(body, principal, now());
    const target = resolveTarget(request, principal, known);
    // Compiled before anybody is asked, so that a wrong filter is a fault also when the fallback answers.
    const rules = [request.filter, target.placement?.filter].filter((filter) => filter !== undefined);
    const predicates = rules.map((filter: Filter) => filters.compile(filter));
    if (target.heldOut) {
      const answer = holdoutAnswer(target, request, uuidV7(now(), randomFillSync), now());
      answers.inc({ by: "holdout" });
      return ourOwn(answer, asked, target, request, preview);
    }
    lists.warm(principal.tenant);

    const outcome = await rank(asked, request, target, preview);
    switch (outcome.kind) {
      case "list":
        answers.inc({ by: "recommender" });
        return { json: money.into(outcome.json, body.locale) };
      case "fault":
        throw outcome.error;
      case "abandoned":
        return undefined;
      case "failure": {
        failures.inc({ reason: outcome.failure });
        const answer = fallbackAnswer({
          list: await lists.get(principal.tenant, deadline.signal),
          request,
          target,
          filters: predicates,
          recommendationId: uuidV7(now(), randomFillSync),
          now: now(),
        });
        answers.inc({ by: answer.fallback ?? "popular" });
        return ourOwn(answer, asked, target, request, preview);
      }
    }
  };
}
