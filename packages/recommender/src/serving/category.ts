import type { Item } from "@endcap/protocol";
import type { CompiledFilter } from "./filters.ts";

/** Items below any category path that one of `items` stands in; undefined when none of them says where it stands. */
export function sameCategory(items: readonly Item[]): CompiledFilter | undefined {
  const paths = new Set(items.flatMap(({ categories }) => categories.filter((path) => path.length > 0).map(pathKey)));
  if (paths.size === 0) return undefined;
  return {
    key: `below ${JSON.stringify([...paths].sort())}`,
    matches: ({ categories }) =>
      categories.some((path) => path.some((_, depth) => paths.has(pathKey(path.slice(0, depth + 1))))),
  };
}

const pathKey = (path: readonly string[]): string => path.join("\0");
