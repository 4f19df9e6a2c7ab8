import type { FilterLeaf, Item } from "@endcap/protocol";
import { type CompiledFilter, compiledOf } from "./filters.ts";

/** Items below any category path that one of `items` stands in; undefined when none of them says where it stands. */
export function sameCategory(items: readonly Item[]): CompiledFilter | undefined {
  const paths = new Set(items.flatMap(({ categories }) => categories.filter((path) => path.length > 0).map(pathKey)));
  if (paths.size === 0) return undefined;
  return compiledOf(`below ${JSON.stringify([...paths].sort())}`, () => ({
    kind: "leaf",
    field: "every path above",
    read: everyPath,
    holds: (path) => typeof path === "string" && paths.has(path),
    negated: false,
  }));
}

/** Each path of an item and all those above it. */
const everyPath: FilterLeaf["read"] = ({ categories }, holds) =>
  categories.some((path) => path.some((_, depth) => holds(pathKey(path.slice(0, depth + 1)))));

const pathKey = (path: readonly string[]): string => path.join("\0");
