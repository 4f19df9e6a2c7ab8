import { compileFilter, type Filter, type ItemPredicate } from "@endcap/protocol";
import { LRUCache } from "lru-cache";

export interface CompiledFilter {
  /** The filter's JSON: what caches are keyed by. */
  readonly key: string;
  readonly matches: ItemPredicate;
}

const compiled = new LRUCache<string, CompiledFilter>({ max: 256 });

/** Compiles each distinct filter once. Throws `filter_invalid` and `filter_unknown_field`. */
export function filterOf(filter: Filter): CompiledFilter {
  const key = JSON.stringify(filter);
  let found = compiled.get(key);
  if (found === undefined) {
    found = { key, matches: compileFilter(filter) };
    compiled.set(key, found);
  }
  return found;
}

/** Both filters, either of which may be absent. */
export function bothFilters(a: CompiledFilter | undefined, b: CompiledFilter | undefined): CompiledFilter | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { key: `[${a.key},${b.key}]`, matches: (item) => a.matches(item) && b.matches(item) };
}
