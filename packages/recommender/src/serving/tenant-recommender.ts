import {
  type Environment,
  type Event,
  judgeEvent,
  type Principal,
  type RandomBytes,
  type RankRequest,
  type RecommendationAnswer,
  type ServedRecord,
  type Shopper,
  uuidV7,
} from "@endcap/protocol";
import type { TenantTable } from "@endcap/storage";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { LiveDelta } from "../live/live-delta.ts";
import { answerText } from "./answer-text.ts";
import type { Champion } from "./champion.ts";
import { historyOf } from "./history.ts";
import { Ranker } from "./ranker.ts";
import { reasonOf } from "./reasons.ts";
import { rulesOf } from "./rules.ts";

export interface Recommended {
  /** The answer as JSON. */
  readonly text: string;
  readonly record: ServedRecord;
  readonly table: TenantTable;
}

export interface TenantRecommenderOptions {
  readonly catalogue: Catalogue;
  readonly champion: Champion;
  readonly delta: LiveDelta;
  /** A list may hold a new item in one of so many positions; 0: in none. */
  readonly exploreEvery: number;
  readonly tableOf: (env: Environment) => Promise<TenantTable>;
  readonly historyEvents: number;
  readonly now: () => number;
  readonly random: RandomBytes;
}

/** One tenant's recommendations: the shopper's latest events, the model, the rules, the answer and its record. */
export class TenantRecommender {
  readonly #options: TenantRecommenderOptions;
  readonly ranker: Ranker;

  constructor(options: TenantRecommenderOptions) {
    this.#options = options;
    this.ranker = new Ranker(options.catalogue, options.delta, options.exploreEvery);
  }

  async recommend(principal: Principal, rank: RankRequest): Promise<Recommended> {
    const { catalogue, champion, tableOf, historyEvents, now, random } = this.#options;
    const rules = rulesOf(rank, rank.preview === undefined ? now() : Date.parse(rank.preview.at));
    const shopper = shopperOf(principal, rank.request.shopper);
    const table = await tableOf(principal.env);
    const stored = hasId(shopper) ? await table.events.latest(shopper, historyEvents) : [];
    const history = historyOf(stored, this.#recentOf(rank));
    // From here on nothing waits: the model may be swapped between two requests, never inside one.
    const served = champion.current;
    const at = now();
    const audience = { shopper: shopper.userId ?? shopper.anonymousId ?? "", now: at };
    const ranked = this.ranker.rank(served?.model, rules, history, audience);
    const include = new Set(rank.request.include ?? ["item"]);
    const inView = new Set(rules.items);
    const answer: RecommendationAnswer = {
      recommendationId: uuidV7(at, random),
      items: ranked.map((entry) => ({
        id: entry.id,
        ...(include.has("reason") && { reason: reasonOf(entry, inView, history, catalogue) }),
        ...(include.has("score") && { score: entry.score }),
      })),
      ...(rank.placement !== undefined && {
        placement: rank.placement.id,
        ...(rank.placement.title !== undefined && { title: rank.placement.title }),
      }),
      strategy: rules.strategy,
      ...(rank.variant !== undefined && { variant: rank.variant }),
      model: served === undefined ? null : { version: served.version, trainedAt: served.trainedAt },
      ...(include.has("rules") && principal.auth === "sk" && { rules: this.ranker.effects(rules, ranked) }),
      serverTime: new Date(at).toISOString(),
    };
    const items = catalogue.bySlot;
    const itemTexts = ranked.map(({ slot }) => (include.has("item") ? items.textAt(slot) : undefined));
    return { text: answerText(answer, itemTexts), record: recordOf(answer, shopper), table };
  }

  /** What the page knows and the collector may not yet. One event that is not well formed is left out alone. */
  #recentOf({ request }: RankRequest): Event[] {
    const rules = { now: this.#options.now(), imported: false };
    return (request.context?.recent ?? []).flatMap((raw) => {
      const judged = judgeEvent(raw, rules);
      return judged.ok ? [judged.value] : [];
    });
  }
}

const hasId = ({ anonymousId, userId }: Shopper): boolean => anonymousId !== undefined || userId !== undefined;

/** For browsers the proven shopper, whatever the request claims; a server speaks for the shopper it names. */
function shopperOf(principal: Principal, named: Shopper | undefined): Shopper {
  if (principal.auth === "sk") return named ?? {};
  return {
    ...(principal.anonymousId !== undefined && { anonymousId: principal.anonymousId }),
    ...(principal.userId !== undefined && { userId: principal.userId }),
  };
}

function recordOf(answer: RecommendationAnswer, shopper: Shopper): ServedRecord {
  return {
    recommendationId: answer.recommendationId,
    at: answer.serverTime,
    shopper,
    items: answer.items.map(({ id }) => id),
    strategy: answer.strategy,
    ...(answer.placement !== undefined && { placement: answer.placement }),
    ...(answer.variant !== undefined && { variant: answer.variant }),
    modelVersion: answer.model?.version ?? null,
    answeredBy: "recommender",
  };
}
