import {
  itemKnn,
  popularity,
  type Ranker,
  sessionItems,
  sknn,
  vmisKnn,
  vSknn,
  vstan,
} from "@endcap/recommender/evaluation";
import type { InteractionLog } from "@endcap/recommender/model";

const baselines: Readonly<Record<string, (log: InteractionLog) => Ranker>> = {
  sessionItems,
  popularity,
  itemKnn: (log) => itemKnn(log),
  sknn: (log) => sknn(log),
  vSknn: (log) => vSknn(log),
  vstan: (log) => vstan(log),
  vmisKnn: (log) => vmisKnn(log),
};

/** `all`, `none`, or names with commas between; made one at a time, so that only one is in memory. */
export function* baselinesOf(list: unknown, log: InteractionLog): Generator<Ranker> {
  const names = list === "all" ? Object.keys(baselines) : String(list).split(",");
  for (const name of names.filter((each) => each !== "" && each !== "none")) {
    const make = baselines[name];
    if (make === undefined)
      throw new Error(`no baseline ${name}; there are ${Object.keys(baselines).join(", ")}, all, none`);
    yield make(log);
  }
}
