/** Each baseline on four sessions small enough to work out by hand. Every list is checked against numbers in the comments. */
import { expect, it } from "vitest";
import { coOccurrence, ownItems } from "../../src/evaluation/baselines/baskets.ts";
import { itemKnn } from "../../src/evaluation/baselines/item-knn.ts";
import { popularity, sessionItems } from "../../src/evaluation/baselines/naive.ts";
import { sknn } from "../../src/evaluation/baselines/sknn.ts";
import { vSknn } from "../../src/evaluation/baselines/v-sknn.ts";
import { vmisKnn } from "../../src/evaluation/baselines/vmis-knn.ts";
import { vstan } from "../../src/evaluation/baselines/vstan.ts";
import type { Ranker } from "../../src/evaluation/ranker.ts";
import { toLog } from "../../src/evaluation/session-file.ts";
import type { InteractionLog } from "../../src/model/index.ts";

const logOf = (...sessions: string[]): InteractionLog =>
  toLog(sessions.map((line) => ({ ids: line.split(" "), times: undefined })));

/** A 3 clicks, B 3, C 2, D 2; the last session is the newest. */
const log = logOf("A B C", "A B", "B C D", "A D");

function list(ranker: Ranker, prefix: string, novel = false, of = log): string {
  const ids = prefix.split(" ");
  const items = Int32Array.from(ids, (id) => of.itemIds.indexOf(id));
  const out = new Int32Array(20);
  const row = { prefix: ids, targets: ["A"], at: undefined };
  const count = ranker.rank({ items, count: items.length, at: undefined, row }, novel, out);
  return Array.from(out.subarray(0, count), (item) => of.itemIds[item]).join(" ");
}

it("session items: the session backwards, each once", () => {
  expect(list(sessionItems(), "A B A")).toBe("A B");
  expect(list(sessionItems(), "A B", true)).toBe("");
});

it("popularity: most clicked first", () => {
  expect(list(popularity(log), "C")).toBe("A B C D");
  expect(list(popularity(log), "A", true)).toBe("B C D");
});

it("item-kNN: cosine with the last item, rare ones damped by lambda", () => {
  const shop = logOf("A P", "A P", "A R", "P Q", "P Q", "P Q", "P Q", "P Q", "P Q", "P Q");
  // lambda 0: R 1/sqrt(3*1) = 0.58, P 2/sqrt(3*9) = 0.38; lambda 20: P 2/sqrt(23*29) = 0.077, R 1/sqrt(23*21) = 0.046
  expect(list(itemKnn(shop, 100, 0), "Q A", false, shop)).toBe("R P");
  expect(list(itemKnn(shop), "Q A", false, shop)).toBe("P R");
  expect(list(itemKnn(shop, 1), "Q A", false, shop)).toBe("P");
});

it("SKNN: cosine of sets", () => {
  // similarities 0.82, 1, 0.41, 0.5: A 2.32, B 2.22, C 1.22, D 0.91
  expect(list(sknn(log), "A B")).toBe("A B C D");
  expect(list(sknn(log), "A B", true)).toBe("C D");
  // the two newest that share an item are A D (0.5) and B C D (0.41): D 0.91, A 0.5, B 0.41, C 0.41
  expect(list(sknn(log, 500, 2), "A B")).toBe("D A B C");
});

it("V-SKNN: later clicks weigh more, twice", () => {
  // similarities 0.75, 0.75, 0.5, 0.25, the last one halved since only A matches: B 2, A 1.625, C 1.25, D 0.625
  expect(list(vSknn(log), "A B")).toBe("B A C D");
  // the nearest alone is A B, the more recent of two with 0.75
  expect(list(vSknn(log, 1), "A B")).toBe("A B");
});

it("VSTAN: near the match and rare counts", () => {
  // worked out in full: B 5.35, C 3.52, A 2.70, D 1.17
  expect(list(vstan(log), "A B")).toBe("B C A D");
});

it("VMIS-kNN: idf, linear decay, never the last item", () => {
  // similarities 1.5, 1.5, 1, 0.5, decay 0.9 and for A alone 0.8: C 1.56, D 0.90, A 0.89
  expect(list(vmisKnn(log), "A B")).toBe("C D A");
});

it("co-occurrence: shared sessions, summed", () => {
  // C 1 + 2, D 1 + 1
  expect(list(coOccurrence(log), "A B", true)).toBe("C D");
});

it("own items: the shopper's most frequent, then the shop's", () => {
  expect(list(ownItems(log), "A C C B")).toBe("C B A D");
  expect(list(ownItems(log), "A C C B", true)).toBe("D");
});
