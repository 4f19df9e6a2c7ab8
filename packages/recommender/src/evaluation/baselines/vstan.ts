import type { InteractionLog } from "../../model/index.ts";
import type { Ranker } from "../ranker.ts";
import { Scores } from "./scores.ts";
import { clicksBack, nearest, nearestClick, recentNeighbours, SessionIndex } from "./session-index.ts";

/** Decay of: clicks back in the session, days since a neighbour, places from the match, clicks back of the match; weight of idf. */
const SPW = 1.02;
const SNH_SECONDS = 5 * 24 * 3600;
const INH = 2.05;
const IPW = 1.02;
const IDF = 5;

/**
 * VSTAN: STAN (Garg et al., "Sequence and Time Aware Neighborhood for Session-based Recommendations", SIGIR 2019) joined with
 * V-SKNN's ideas (Ludewig et al., UMUAI 2021). Defaults of session-rec: the 5,000 most recent sessions and the decays above; k 500
 * as in STAN's paper. Sets without a clock cannot decay by days, so there that factor is 1.
 */
export function vstan(log: InteractionLog, k = 500, sample = 5000): Ranker {
  const index = new SessionIndex(log);
  const scores = new Scores(log.itemIds.length);
  const { times, sessionOffsets } = log;
  return {
    name: "vstan",
    rank(task, novel, out) {
      const { items, count, at } = task;
      const weights = new Map<number, number>();
      const backOf = clicksBack(task);
      for (let i = 0; i < count; i++) weights.set(items[i]!, Math.exp((i + 1 - count) / SPW));
      let squares = 0;
      for (const weight of weights.values()) squares += weight * weight;
      const neighbours = recentNeighbours(index, weights.keys(), sample).map((session) => {
        const distinct = index.distinctOf(session);
        let shared = 0;
        for (const item of distinct) shared += weights.get(item) ?? 0;
        const age = times === undefined || at === undefined ? 0 : at - times[sessionOffsets[session + 1]! - 1]!;
        return { session, similarity: (shared / Math.sqrt(squares * distinct.length)) * Math.exp(-age / SNH_SECONDS) };
      });
      for (const { session, similarity } of nearest(neighbours, k)) {
        const clicks = index.itemsOf(session);
        const lastPlace = new Map<number, number>();
        let matched = 0;
        for (let place = 0; place < clicks.length; place++) {
          if (weights.has(clicks[place]!)) matched = place;
          lastPlace.set(clicks[place]!, place);
        }
        const back = nearestClick(index.distinctOf(session), backOf) - 1;
        const decay = Math.exp(-back / IPW);
        for (const [item, place] of lastPlace) {
          const near = Math.exp(-Math.abs(place - matched) / INH);
          scores.add(item, similarity * near * (1 + index.idf[item]! * IDF) * decay);
        }
      }
      return scores.drain(task, novel, out);
    },
  };
}
