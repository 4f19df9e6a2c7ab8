import { LRUCache } from "lru-cache";

/** Different values that are known at a time; one more is an object of its own again. */
const knownMax = 1_000;

/**
 * Makes one object of equal values. Most tenants have their tier's limits, their fleet's routes and the usual settings: one
 * object of each stays in the processor's caches, where a copy for each tenant would push others' out. A text is an object
 * as well, and whoever looks something up by it reads its hash there.
 */
export function alike<Value extends object | string>(): (value: Value) => Value {
  const known = new LRUCache<string, Value>({ max: knownMax });
  return (value) => {
    const text = JSON.stringify(value);
    let first = known.get(text);
    if (first === undefined) {
      first = value;
      known.set(text, first);
    }
    return first;
  };
}
