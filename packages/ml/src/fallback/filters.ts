import { compileFilter, type Filter, type ItemPredicate } from "@endcap/protocol";
import { LRUCache } from "lru-cache";

const filtersMax = 1_024;
/** A filter is at most the request's 64 KB; together they stay below this. */
const filterCharsMax = 4 * 1024 * 1024;

/** Each distinct filter is compiled once. */
export class Filters {
  readonly #compiled = new LRUCache<string, ItemPredicate>({
    max: filtersMax,
    maxSize: filterCharsMax,
    sizeCalculation: (_predicate, json) => json.length,
  });

  /** @throws EndcapError `filter_invalid`, `filter_unknown_field` */
  compile(filter: Filter): ItemPredicate {
    const json = JSON.stringify(filter);
    const known = this.#compiled.get(json);
    if (known) return known;
    const predicate = compileFilter(filter);
    this.#compiled.set(json, predicate);
    return predicate;
  }
}
