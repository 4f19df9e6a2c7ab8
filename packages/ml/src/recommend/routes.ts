import { randomFillSync } from "node:crypto";
import {
  type Filter,
  LIMITS,
  PRINCIPAL_HEADER,
  type Preview,
  type Principal,
  RecommendationAnswer,
  type RecommendationRequest,
  uuidV7,
} from "@endcap/protocol";
import { type App, clientGone, type Deadline, deadlineOf, principalOf, type SnapshotState } from "@endcap/service-kit";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Counter, type Registry } from "prom-client";
import { fallbackAnswer } from "../fallback/answer.ts";
import { Filters } from "../fallback/filters.ts";
import type { FallbackLists } from "../fallback/lists.ts";
import type { Outcome } from "../recommenders/outcome.ts";
import type { Recommenders } from "../recommenders/recommenders.ts";
import type { ServedReporter } from "../served/reporter.ts";
import { holdoutAnswer } from "./holdout.ts";
import { Money } from "./money.ts";
import { LenientRequest, previewOf, settleRequest } from "./request.ts";
import { resolveTarget, type Target } from "./target.ts";

export interface RecommendRoutesOptions {
  readonly snapshot: () => SnapshotState | undefined;
  readonly recommenders: Recommenders;
  readonly lists: FallbackLists;
  readonly reporter: ServedReporter;
  readonly registry: Registry;
  readonly deadlineMsDefault: number;
  readonly deadlineMarginMs: number;
  readonly now: () => number;
}

/** More than this nobody waits for a list. */
const deadlineMsMax = 10_000;

/** POST /v1/recommendations: always a list for a proper request, whoever has to make it. */
export async function recommendRoutes(app: App, options: RecommendRoutesOptions): Promise<void> {
  const { snapshot, recommenders, lists, reporter, deadlineMsDefault, deadlineMarginMs, now } = options;
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

  app.post(
    "/v1/recommendations",
    {
      bodyLimit: LIMITS.recommendationBodyBytesMax,
      schema: { body: LenientRequest, response: { 200: RecommendationAnswer } },
      // A recommender's list is handed on as its text, and ours is built from checked parts.
      serializerCompiler: () => (answer: unknown) => JSON.stringify(answer),
    },
    async (request, reply) => {
      const deadline = deadlineOf(request, { msDefault: deadlineMsDefault, msMax: deadlineMsMax, now });
      const principal = principalOf(request);
      const { locale } = request.body;
      const preview = previewOf(request.body, principal);
      const settled = settleRequest(request.body, principal, now());
      const target = resolveTarget(settled, principal, snapshot());
      // Compiled before anybody is asked, so that a wrong filter is a fault also when the fallback answers.
      const rules = [settled.filter, target.placement?.filter].filter((filter) => filter !== undefined);
      const predicates = rules.map((filter: Filter) => filters.compile(filter));
      if (target.heldOut) {
        const answer = holdoutAnswer(target, settled, uuidV7(now(), randomFillSync), now());
        answers.inc({ by: "holdout" });
        if (preview === undefined) reportWhenAnswered(reply, target, principal, settled, answer);
        return sendText(reply, money.into(JSON.stringify(answer), locale));
      }
      lists.warm(principal.tenant);

      const outcome = await rank(request, settled, target, deadline, preview);
      switch (outcome.kind) {
        case "list":
          answers.inc({ by: "recommender" });
          return sendText(reply, money.into(outcome.json, locale));
        case "fault":
          throw outcome.error;
        case "abandoned":
          reply.hijack();
          return reply;
        case "failure": {
          failures.inc({ reason: outcome.failure });
          const answer = fallbackAnswer({
            list: await lists.get(principal.tenant, deadline.signal),
            request: settled,
            target,
            filters: predicates,
            recommendationId: uuidV7(now(), randomFillSync),
            now: now(),
          });
          answers.inc({ by: answer.fallback ?? "popular" });
          if (preview === undefined) reportWhenAnswered(reply, target, principal, settled, answer);
          return sendText(reply, money.into(JSON.stringify(answer), locale));
        }
      }
    },
  );

  async function rank(
    request: FastifyRequest,
    settled: RecommendationRequest,
    target: Target,
    deadline: Deadline,
    preview: Preview | undefined,
  ): Promise<Outcome> {
    const { recommenderUrl, strategy, placement, variant } = target;
    if (recommenderUrl === undefined) return { kind: "failure", failure: "absent" };
    const msMax = Math.floor(deadline.msLeft() - deadlineMarginMs);
    if (msMax <= 0) return { kind: "failure", failure: "late" };
    return await recommenders.call({
      url: recommenderUrl,
      rank: {
        request: settled,
        strategy,
        ...(placement && { placement }),
        ...(variant !== undefined && { variant }),
        ...(preview && { preview }),
      },
      authorization: String(request.headers.authorization),
      principal: String(request.headers[PRINCIPAL_HEADER]),
      requestId: request.id,
      msMax,
      caller: clientGone(request),
    });
  }

  /** Told once the list has reached a live connection: what nobody received was not served. An empty list is none, but for a shopper who was held out. */
  function reportWhenAnswered(
    reply: FastifyReply,
    { collectorUrl, strategy, variant, heldOut }: Target,
    principal: Principal,
    { shopper = {} }: RecommendationRequest,
    answer: RecommendationAnswer,
  ): void {
    if (collectorUrl === undefined || (answer.items.length === 0 && !heldOut)) return;
    reply.raw.once("finish", () => {
      if (reply.raw.socket?.destroyed) return;
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
    });
  }
}

/** As text, which leaves in one write with its headers; Fastify takes text of this type for JSON that is made already. */
const sendText = (reply: FastifyReply, json: string): FastifyReply =>
  reply.type("application/json; charset=utf-8").send(json);
