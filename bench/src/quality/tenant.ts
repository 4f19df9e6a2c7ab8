import {
  basketsAsSessions,
  coOccurrence,
  evaluate,
  itemKnn,
  itemKnnOfAll,
  modelRanker,
  ownItems,
  popularity,
  readTenantHistory,
  ServedLists,
  sessionItems,
  type TenantHistory,
  type TestRow,
  vSknn,
} from "@endcap/recommender/evaluation";
import { type InteractionLog, trainModel } from "@endcap/recommender/model";
import type { BenchContext, Figures } from "../bench.ts";
import { round3 } from "../stats.ts";
import { baselinesOf } from "./baselines.ts";
import { catalogueOf } from "./catalogue.ts";
import { figuresOf, headline, sideBySide, thinned } from "./figures.ts";
import type { Rows } from "./tenant-rows.ts";

const DAY_MS = 86_400_000;
/** A service's default; see ENDCAP_RECOMMENDER_EXPLORE_EVERY. */
const exploreEvery = 8;
/** What a new tenant's placements have; above 0 variants collapse. */
const diversity = 0.3;
/** Fewer next items than this say nothing; then the next basket is what the run is known by. */
const nextItemsMin = 100;

/** A tenant's own history, cut in time: every strategy as it is served, beside what is simple. */
export async function tenantQuality(rows: Rows, context: BenchContext, seed: number): Promise<Figures> {
  const { options, short, log: say } = context;
  const days = options["hold-out-days"];
  const history = await readTenantHistory(rows, typeof days === "string" ? Number(days) * DAY_MS : undefined);
  const { log } = history;
  say(
    `${log.items.length} interactions and ${log.basketOffsets.length - 1} baskets before ${new Date(history.since).toISOString()}, ${log.itemIds.length} items`,
  );
  const start = performance.now();
  const { model, report } = trainModel(log, { seed, trainedAt: history.since });
  const trainSeconds = (performance.now() - start) / 1000;
  say(`trained in ${trainSeconds.toFixed(1)} s: ${JSON.stringify(report)}`);

  const served = await ServedLists.open(model, await catalogueOf(history.catalogue, context), history.since);
  const limit = short ? 1000 : Number(options["baseline-rows"]);
  const groupOf = groupsOf(history);
  const judge = { groupOf };
  const inView = { groupOf, novelOnly: true };
  const nextItem = thinned(history.nextItem, limit);
  const nextBasket = thinned(history.nextBasket, limit);
  const nextCart = thinned(history.nextCart, limit);
  const related = thinned(history.relatedItems, limit);
  const baskets = basketsAsSessions(log);

  const forYou = [
    served.ranker({ name: "withoutExploration", strategy: "for_you", exploreEvery: 0 }),
    served.ranker({ name: "withDiversity", strategy: "for_you", exploreEvery, diversity }),
    modelRanker(model),
  ];
  const main = served.ranker({ name: "served", strategy: "for_you", exploreEvery });
  const known = nextItem.length >= nextItemsMin ? nextItem : nextBasket;
  const own = evaluate(main, log, known, judge);
  const totalSeconds = (performance.now() - start) / 1000;
  const rssMb = process.resourceUsage().maxRSS / 1024;

  const tasks: Record<string, Figures> = {};
  if (nextItem.length > 0) {
    const rivals = [main, ...forYou, ...baselinesOf(options.baselines, log)];
    tasks.nextItem = sideBySide(rivals, log, nextItem, judge, say);
  }
  if (nextBasket.length > 0) {
    const rivals = [
      main,
      ...forYou,
      ownItems(log),
      sessionItems(),
      popularity(log),
      itemKnnOfAll(baskets),
      vSknn(baskets),
    ];
    tasks.nextBasket = sideBySide(rivals, log, nextBasket, judge, say);
  }
  if (nextCart.length > 0) {
    const strategy = "bought_together";
    const rivals = [
      served.ranker({ name: "served", strategy, exploreEvery }),
      served.ranker({ name: "withDiversity", strategy, exploreEvery, diversity }),
      popularity(baskets),
      coOccurrence(baskets),
      itemKnnOfAll(baskets),
    ];
    tasks.nextCart = sideBySide(rivals, log, nextCart, inView, say);
  }
  if (related.length > 0) tasks.relatedItems = relatedFigures(served, log, related, context, judge.groupOf);
  return {
    task: known === nextItem ? "nextItem" : "nextBasket",
    ...headline(own),
    trainSeconds: round3(trainSeconds),
    totalSeconds: round3(totalSeconds),
    rssMb: round3(rssMb),
    seed,
    heldOutSince: new Date(history.since).toISOString(),
    endcap: figuresOf(own),
    tasks,
  };
}

/** related_items beside what is simple: the next item looked at, from one item in view. */
export function relatedFigures(
  served: ServedLists,
  log: InteractionLog,
  rows: readonly TestRow[],
  { log: say }: BenchContext,
  groupOf?: Int32Array,
): Figures {
  const rivals = [
    served.ranker({ name: "served", strategy: "related_items", exploreEvery }),
    popularity(log),
    coOccurrence(log),
    itemKnn(log),
  ];
  return sideBySide(rivals, log, rows, { groupOf, novelOnly: true }, say);
}

/** Variants of one product share the number of the first of them. */
function groupsOf({ log, catalogue }: TenantHistory): Int32Array {
  const indexOf = new Map(log.itemIds.map((id, index) => [id, index]));
  const groups = Int32Array.from(log.itemIds, (_, index) => index);
  const firstOf = new Map<string, number>();
  for (const { id, groupId } of catalogue) {
    const index = indexOf.get(id);
    if (groupId === undefined || index === undefined) continue;
    const first = firstOf.get(groupId) ?? index;
    firstOf.set(groupId, first);
    groups[index] = first;
  }
  return groups;
}
