import type { Baskets } from "./baskets.ts";
import { Candidates, KEPT_MAX, type SessionItems } from "./candidates.ts";
import { FEATURE_COUNT, Features } from "./features.ts";
import { Gate } from "./gate.ts";
import type { PackedIds } from "./item-ids.ts";
import { Mlp } from "./mlp.ts";
import { NEXT_CANDIDATES_MAX, NEXT_FEATURES, NextVisit, PAST_MAX, type PastVisits } from "./next-visit.ts";
import { type ListOptions, type RankedList, type RankOptions, type Reason, reasons } from "./ranking.ts";
import type { ItemTables } from "./tables.ts";
import { TopK } from "./top-k.ts";
import type { Vectors } from "./vectors.ts";

/** Everything a model consists of: what training makes and the model file holds. */
export interface ModelParts {
  readonly ids: PackedIds;
  readonly tables: ItemTables;
  readonly vectors: Vectors;
  readonly baskets: Baskets;
  /** Parameters of the reranker; undefined when there was too little data to fit one: the blend ranks then. */
  readonly reranker: Float32Array | undefined;
  /** Ranks for shoppers who come back; undefined when too few did, or the log named none. */
  readonly nextVisit: { readonly parameters: Float32Array; readonly returnRate: Float32Array } | undefined;
  /** All items, most visited recently first. */
  readonly popularOrder: Int32Array;
  /** Items that sell faster than they used to, fastest first. */
  readonly trendingOrder: Int32Array;
  readonly meta: ModelMeta;
}

export interface ModelMeta {
  /** Unix milliseconds, given by the caller. */
  readonly trainedAt: number;
  readonly sessions: number;
  readonly interactions: number;
  readonly baskets: number;
  readonly seed: number;
}

/** Answers queries from a trained model. Immutable; its scratch memory makes it serve one query at a time. */
export class Model {
  readonly parts: ModelParts;
  readonly itemCount: number;
  readonly #candidates: Candidates;
  readonly #features: Features;
  readonly #reranker: Mlp | undefined;
  readonly #next: { readonly candidates: NextVisit; readonly mlp: Mlp } | undefined;
  readonly #gate: Gate;
  readonly #best = new TopK(KEPT_MAX);
  readonly #one = { items: new Int32Array(1), count: 1 };
  readonly #known: { items: Int32Array; count: number } = { items: new Int32Array(SESSION_MAX), count: 0 };
  readonly #basketSums: Float32Array;
  readonly #basketSource: Int32Array;
  readonly #basketTouched: Int32Array;

  constructor(parts: ModelParts) {
    this.parts = parts;
    this.itemCount = parts.ids.count;
    this.#candidates = new Candidates(parts.tables);
    this.#features = new Features(parts.tables, parts.vectors);
    if (parts.reranker !== undefined) {
      this.#reranker = new Mlp(FEATURE_COUNT, KEPT_MAX);
      this.#reranker.parameters.set(parts.reranker);
    }
    if (parts.nextVisit !== undefined) {
      const { parameters, returnRate } = parts.nextVisit;
      this.#next = {
        candidates: new NextVisit(parts.tables, parts.baskets, returnRate),
        mlp: new Mlp(NEXT_FEATURES, NEXT_CANDIDATES_MAX),
      };
      this.#next.mlp.parameters.set(parameters);
    }
    this.#gate = new Gate(this.itemCount);
    this.#basketSums = new Float32Array(this.itemCount);
    this.#basketSource = new Int32Array(this.itemCount);
    this.#basketTouched = new Int32Array(this.itemCount);
  }

  /** Index of an id, -1 when the model does not know it. */
  indexOf(id: string): number {
    return this.parts.ids.indexOf(id);
  }

  idOf(item: number): string {
    return this.parts.ids.idOf(item);
  }

  /** for_you. Items the model does not know (negative indices) are skipped; an empty session gives the popular list. */
  rank(session: SessionItems, options: RankOptions, out: RankedList): void {
    const known = this.#knownItems(session);
    this.#gate.open(options);
    if (options.repeats === false) this.#gate.closeAll(known.items, known.count);
    out.count = 0;
    if (known.count > 0) {
      this.#candidates.gather(known);
      this.#candidates.selectUnordered((item) => this.#gate.admits(item));
      this.#rerank(known, Math.min(options.limit, out.capacity), out);
    }
    this.#fillPopular(options, out);
  }

  /** Whether it can tell what somebody comes back for. */
  get knowsReturns(): boolean {
    return this.#next !== undefined;
  }

  /** for_you of a shopper whose last visit is over: what the next one begins with. Positions the model does not know are skipped. */
  nextVisit(past: PastVisits, options: RankOptions, out: RankedList): void {
    out.count = 0;
    this.#gate.open(options);
    const next = this.#next;
    const known = next === undefined ? undefined : this.#knownPast(past);
    if (next !== undefined && known !== undefined && known.count > 0) {
      const { candidates, mlp } = next;
      if (options.repeats === false) this.#gate.closeAll(known.items, known.count);
      const popular = options.acceptAlso?.few ?? this.parts.popularOrder;
      candidates.gather(known, popular, (item) => this.#gate.admits(item));
      for (let c = 0; c < candidates.count; c++) candidates.write(c, mlp.x, c * mlp.layout.stride);
      mlp.forward(candidates.count);
      this.#best.clear();
      for (let c = 0; c < candidates.count; c++) this.#best.offer(c, mlp.y[c]!);
      const count = Math.min(this.#best.sort(), options.limit, out.capacity);
      for (let r = 0; r < count; r++) {
        const item = candidates.items[this.#best.keys[r]!]!;
        const source = candidates.owns(item) ? item : candidates.sourceOf(item);
        const why = source === item ? reasons.inSession : source < 0 ? reasons.popular : reasons.viewed;
        this.#push(out, item, why, source, this.#best.scores[r]!);
      }
    }
    this.#fill(this.parts.popularOrder, reasons.popular, options.fillTo ?? options.limit, out);
  }

  #knownPast({ items, kinds, visits, count }: PastVisits) {
    const known = { items: [] as number[], kinds: [] as number[], visits: [] as number[], count: 0 };
    for (let p = Math.max(0, count - PAST_MAX); p < count; p++) {
      const item = items[p]!;
      if (item < 0 || item >= this.itemCount) continue;
      known.items.push(item);
      known.kinds.push(kinds[p]!);
      known.visits.push(visits[p]!);
      known.count++;
    }
    return known;
  }

  /** personalized_ranking: the given items, best first. Items that no signal reaches keep the order in which they came. */
  score(session: SessionItems, items: ArrayLike<number>, options: RankOptions, out: RankedList): void {
    this.rankAmong(session, items, options, out);
  }

  private rankAmong(session: SessionItems, items: ArrayLike<number>, options: RankOptions, out: RankedList): void {
    const known = this.#knownItems(session);
    this.#gate.open(options);
    out.count = 0;
    const wanted = Math.min(options.limit, out.capacity);
    if (known.count > 0) {
      this.#candidates.gather(known);
      const among = new Set<number>();
      for (let i = 0; i < items.length; i++) among.add(items[i]!);
      this.#candidates.selectUnordered((item) => among.has(item) && this.#gate.admits(item));
      this.#rerank(known, wanted, out);
    }
    for (let i = 0; i < items.length && out.count < wanted; i++) {
      const item = items[i]!;
      if (item >= 0 && item < this.itemCount && this.#gate.admits(item)) this.#push(out, item, reasons.popular, -1);
    }
  }

  /** related_items: what goes with one item, without the item. */
  related(item: number, options: ListOptions, out: RankedList): void {
    this.#one.items[0] = item;
    this.rank(this.#one, { ...options, repeats: false }, out);
  }

  /** bought_together: by baskets, then by sessions, then popular. The given items are not repeated. */
  boughtTogether(items: ArrayLike<number>, options: ListOptions, out: RankedList): void {
    const { rowOffsets, neighbours, values } = this.parts.baskets;
    const sums = this.#basketSums;
    let touched = 0;
    for (let i = 0; i < items.length; i++) {
      const from = items[i]!;
      if (from < 0 || from >= this.itemCount) continue;
      for (let e = rowOffsets[from]!; e < rowOffsets[from + 1]!; e++) {
        const to = neighbours[e]!;
        if (sums[to] === 0) {
          this.#basketTouched[touched++] = to;
          this.#basketSource[to] = from;
        }
        sums[to]! += values[e]!;
      }
    }
    this.#gate.open(options);
    this.#gate.closeAll(items, items.length);
    const wanted = Math.min(options.limit, out.capacity, KEPT_MAX);
    this.#best.clear();
    for (let t = 0; t < touched; t++) {
      const item = this.#basketTouched[t]!;
      if (this.#gate.admits(item)) this.#best.offer(item, sums[item]!);
    }
    const found = Math.min(this.#best.sort(), wanted);
    out.count = 0;
    for (let r = 0; r < found; r++) {
      const item = this.#best.keys[r]!;
      this.#push(out, item, reasons.boughtTogether, this.#basketSource[item]!, this.#best.scores[r]!);
    }
    for (let t = 0; t < touched; t++) sums[this.#basketTouched[t]!] = 0;
    if (out.count < options.limit && items.length > 0) this.#append(items, options.limit, out);
    this.#fillPopular(options, out);
  }

  popular(options: ListOptions, out: RankedList): void {
    this.#gate.open(options);
    out.count = 0;
    this.#fillPopular(options, out);
  }

  trending(options: ListOptions, out: RankedList): void {
    this.#gate.open(options);
    out.count = 0;
    this.#fill(this.parts.trendingOrder, reasons.trending, options.limit, out);
    this.#fillPopular(options, out);
  }

  /** Ranks behind what `out` has, by session neighbours. */
  #append(items: ArrayLike<number>, limit: number, out: RankedList): void {
    const known = this.#knownItems({ items, count: items.length });
    if (known.count === 0) return;
    this.#candidates.gather(known);
    this.#candidates.select((item) => this.#gate.admits(item));
    const floor = out.count > 0 ? out.scores[out.count - 1]! : 0;
    const { kept, keptCount, items: slotItems, blend } = this.#candidates;
    for (let r = 0; r < keptCount && out.count < Math.min(limit, out.capacity); r++) {
      const slot = kept[r]!;
      const source = this.#candidates.steps[this.#candidates.sourceStep[slot]!]!;
      this.#push(out, slotItems[slot]!, reasons.viewed, source, floor - 1 + blend[slot]! / (1 + blend[slot]!));
    }
  }

  #rerank(session: SessionItems, wanted: number, out: RankedList): void {
    const candidates = this.#candidates;
    const reranker = this.#reranker;
    if (reranker !== undefined) {
      this.#features.begin(candidates, session);
      for (let r = 0; r < candidates.keptCount; r++) {
        this.#features.write(candidates, session, r, reranker.x, r * reranker.layout.stride);
      }
      reranker.forward(candidates.keptCount);
    }
    this.#best.clear(wanted);
    for (let r = 0; r < candidates.keptCount; r++) {
      const slot = candidates.kept[r]!;
      this.#best.offer(slot, reranker === undefined ? candidates.blend[slot]! : reranker.y[r]!);
    }
    const count = this.#best.sort();
    for (let r = 0; r < count; r++) {
      const slot = this.#best.keys[r]!;
      const item = candidates.items[slot]!;
      const source = candidates.steps[candidates.sourceStep[slot]!]!;
      const inSession = source === item || contains(session, item);
      this.#push(
        out,
        item,
        inSession ? reasons.inSession : reasons.viewed,
        inSession ? item : source,
        this.#best.scores[r]!,
      );
    }
  }

  #fillPopular({ acceptAlso, fillTo, limit }: ListOptions, out: RankedList): void {
    this.#fill(acceptAlso?.few ?? this.parts.popularOrder, reasons.popular, fillTo ?? limit, out);
  }

  #fill(order: Int32Array, why: Reason, limit: number, out: RankedList): void {
    const wanted = Math.min(limit, out.capacity);
    for (let i = 0; i < order.length && out.count < wanted; i++) {
      if (this.#gate.admits(order[i]!)) this.#push(out, order[i]!, why, -1);
    }
  }

  /** Adds an entry and closes its item; without a score it continues one below the entry before. */
  #push(out: RankedList, item: number, why: Reason, source: number, score?: number): void {
    const at = out.count++;
    out.items[at] = item;
    out.scores[at] = score ?? (at > 0 ? out.scores[at - 1]! - 1 : 0);
    out.why[at] = why;
    out.source[at] = source;
    this.#gate.close(item);
  }

  #knownItems({ items, count }: SessionItems): { items: Int32Array; count: number } {
    const known = this.#known;
    known.count = 0;
    for (let i = Math.max(0, count - SESSION_MAX); i < count; i++) {
      const item = items[i]!;
      if (item >= 0 && item < this.itemCount) known.items[known.count++] = item;
    }
    return known;
  }
}

/** Newest items of a session that are looked at. */
const SESSION_MAX = 50;

function contains({ items, count }: SessionItems, item: number): boolean {
  for (let i = 0; i < count; i++) if (items[i] === item) return true;
  return false;
}
