import { createList, type Model } from "../model/index.ts";
import type { Ranker } from "./ranker.ts";

/** The model as the evaluation's rankers: the same call that answers a request. */
export function modelRanker(model: Model): Ranker {
  const list = createList(20);
  return {
    name: "endcap",
    rank(task, novel, out) {
      model.rank(task, { limit: out.length, repeats: !novel }, list);
      out.set(list.items.subarray(0, list.count));
      return list.count;
    },
  };
}
