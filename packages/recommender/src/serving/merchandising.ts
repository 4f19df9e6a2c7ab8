import type { PlacementRule, RuleEffect } from "@endcap/protocol";
import { type CompiledFilter, filterOf, noneOf } from "./filters.ts";
import { keyOf, type Ranked } from "./ranked.ts";

const idsPerEffectMax = 100;
/**
 * A boost multiplies 1 / (rankDamping + rank), the weight of reciprocal rank fusion (Cormack, Clarke and Büttcher,
 * 2009): strategies score on scales of their own, ranks are the same for all. Small, so that factor 2 about halves a rank.
 */
const rankDamping = 4;

interface Active {
  readonly rule: PlacementRule;
  readonly boosted: CompiledFilter | undefined;
  readonly excluded: CompiledFilter | undefined;
}

/** The rules of a placement that hold now, compiled. */
export class Merchandising {
  readonly #active: readonly Active[];
  readonly #inactive: readonly PlacementRule[];

  /** Throws `filter_invalid` and `filter_unknown_field`. */
  constructor(rules: readonly PlacementRule[], now: number) {
    const holds = ({ from, until }: PlacementRule) =>
      (from === undefined || Date.parse(from) <= now) && (until === undefined || now < Date.parse(until));
    this.#active = rules.filter(holds).map((rule) => ({
      rule,
      boosted: rule.boost && filterOf(rule.boost.filter),
      excluded: rule.exclude && filterOf(rule.exclude.filter),
    }));
    this.#inactive = rules.filter((rule) => !holds(rule));
  }

  /**
   * Of a ranking, the entries that can come among the first `wanted` by boosts: what stands further down weighs less with
   * every boost there is than the last of those does with every factor below 1.
   */
  reach(wanted: number): number {
    let [most, least] = [1, 1];
    for (const { rule } of this.#active) {
      const factor = rule.boost?.factor ?? 1;
      if (factor > 1) most *= factor;
      else least *= factor;
    }
    if (most === least) return wanted;
    return Math.ceil((most / least) * (rankDamping + wanted - 1)) - rankDamping + 1;
  }

  /** What must not be shown, as a filter of everything else; undefined when no rule excludes. */
  get keeps(): CompiledFilter | undefined {
    const excluding = this.#active.flatMap(({ excluded }) => excluded ?? []);
    return excluding.length === 0 ? undefined : noneOf(excluding);
  }

  /** Boosts first, in the order of the rules, then pins, which nothing moves. `pinned`: the entry of an id that may be. */
  apply(
    ranked: readonly Ranked[],
    judge: (filter: CompiledFilter) => (entry: Ranked) => boolean,
    pinned: (id: string) => Ranked | undefined,
  ): Ranked[] {
    return this.#pin(this.#boost(ranked, judge), pinned);
  }

  /** What each rule did to the list `shown`, an entry for each thing that it does. */
  effects(
    shown: readonly Ranked[],
    judge: (filter: CompiledFilter) => (entry: Ranked) => boolean,
    firstOf: (filter: CompiledFilter, limit: number) => string[],
  ): RuleEffect[] {
    const ids = shown.map(({ id }) => id);
    const matching = (filter: CompiledFilter) => shown.filter(judge(filter)).map(({ id }) => id);
    const effects = this.#active.flatMap(({ rule, boosted, excluded }): RuleEffect[] => {
      const pinned = rule.pin?.items.filter((id) => ids.includes(id));
      return [
        ...(pinned ? [effect(rule, "pinned", pinned)] : []),
        ...(boosted ? [effect(rule, "boosted", matching(boosted))] : []),
        ...(excluded ? [effect(rule, "excluded", firstOf(excluded, idsPerEffectMax))] : []),
      ];
    });
    return [...effects, ...this.#inactive.map(({ id }): RuleEffect => ({ rule: id, did: "inactive", items: [] }))];
  }

  #boost(ranked: readonly Ranked[], judge: (filter: CompiledFilter) => (entry: Ranked) => boolean): Ranked[] {
    const boosts = this.#active.flatMap(({ rule, boosted }) =>
      boosted === undefined ? [] : [{ matches: judge(boosted), factor: rule.boost?.factor ?? 1 }],
    );
    if (boosts.length === 0) return [...ranked];
    const weighed = ranked.map((entry, rank) => {
      let weight = 1 / (rankDamping + rank);
      for (const { matches, factor } of boosts) if (matches(entry)) weight *= factor;
      return { entry, weight, rank };
    });
    return weighed.sort((a, b) => b.weight - a.weight || a.rank - b.rank).map(({ entry }) => entry);
  }

  #pin(ranked: Ranked[], pinned: (id: string) => Ranked | undefined): Ranked[] {
    const pins = this.#active.flatMap(({ rule }) =>
      (rule.pin?.items ?? [])
        .map(pinned)
        .filter((entry) => entry !== undefined)
        .map((entry, n) => ({ entry, position: (rule.pin?.position ?? 1) - 1 + n })),
    );
    if (pins.length === 0) return ranked;
    // The first rule that names an item has it.
    const byKey = new Map(pins.toReversed().map((pin) => [keyOf(pin.entry), pin]));
    const list = ranked.filter((entry) => !byKey.has(keyOf(entry)));
    for (const { entry, position } of [...byKey.values()].sort((a, b) => a.position - b.position)) {
      const score = ranked.find((each) => keyOf(each) === keyOf(entry))?.score ?? entry.score;
      list.splice(Math.min(position, list.length), 0, { ...entry, score });
    }
    return list;
  }
}

function effect({ id }: PlacementRule, did: "pinned" | "boosted" | "excluded", items: string[]): RuleEffect {
  return { rule: id, did: items.length > 0 ? did : "nothing", items: items.slice(0, idsPerEffectMax) };
}
