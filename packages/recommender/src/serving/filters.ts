import { type Filter, type FilterNode, type ItemPredicate, parseFilter, predicateOf } from "@endcap/protocol";
import { LRUCache } from "lru-cache";

export interface CompiledFilter {
  /** The filter's JSON: what caches are keyed by. */
  readonly key: string;
  readonly node: FilterNode;
  readonly matches: ItemPredicate;
}

const compiled = new LRUCache<string, CompiledFilter>({ max: 256 });

/** Compiles each distinct filter once. Throws `filter_invalid` and `filter_unknown_field`. */
export function filterOf(filter: Filter): CompiledFilter {
  return compiledOf(JSON.stringify(filter), () => parseFilter(filter));
}

/** Both filters, either of which may be absent. */
export function bothFilters(a: CompiledFilter | undefined, b: CompiledFilter | undefined): CompiledFilter | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compiledOf(`[${a.key},${b.key}]`, () => ({ kind: "all", parts: [a.node, b.node] }));
}

/** What none of the filters matches. */
export function noneOf(filters: readonly CompiledFilter[]): CompiledFilter {
  const key = `not [${filters.map((filter) => filter.key).join()}]`;
  return compiledOf(key, () => ({ kind: "not", part: { kind: "any", parts: filters.map(({ node }) => node) } }));
}

/** Compiles what `make` makes, once for each key. */
export function compiledOf(key: string, make: () => FilterNode): CompiledFilter {
  let found = compiled.get(key);
  if (found === undefined) {
    const node = make();
    found = { key, node, matches: predicateOf(node) };
    compiled.set(key, found);
  }
  return found;
}
