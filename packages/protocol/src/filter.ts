/**
 * Filters over items, in MongoDB's words: `{"brand": "Acme", "price": {"$lte": 30}, "$or": [...]}`.
 *
 * A missing value never matches, but with `$exists: false` and `$ne` / `$nin`. Prices compare as numbers. A path is
 * matched by the name of any category of the item (`categories`) or of the deepest ones (`category`).
 * Callers compile once per distinct filter and keep the result in a bounded cache.
 */
import { EndcapError } from "./errors.ts";
import type { Item } from "./items.ts";
import { LIMITS } from "./limits.ts";

/** An item filter as JSON. Validated by `compileFilter`, which names the fault. */
export type Filter = { readonly [key: string]: unknown };
export type ItemPredicate = (item: Item) => boolean;

export type Scalar = string | number | boolean;
/** Whether `holds` for any value that a field has on an item; for a missing one never. Walks catalogues: makes no lists. */
type Reader = (item: Item, holds: (value: Scalar) => boolean) => boolean;

/** One comparison of one field: matches when `holds` for any value of the field, or, `negated`, for none. */
export interface FilterLeaf {
  readonly kind: "leaf";
  readonly field: string;
  readonly read: Reader;
  readonly holds: (value: Scalar) => boolean;
  readonly negated: boolean;
}
/** A filter taken apart, for those that keep fields in columns. Parts are in the order in which they are best asked. */
export type FilterNode =
  | FilterLeaf
  | { readonly kind: "all" | "any"; readonly parts: readonly FilterNode[] }
  | { readonly kind: "not"; readonly part: FilterNode };

const one =
  (read: (item: Item) => Scalar | undefined): Reader =>
  (item, holds) => {
    const value = read(item);
    return value !== undefined && holds(value);
  };
const decimal = (read: (item: Item) => string | undefined): Reader =>
  one((item) => {
    const value = read(item);
    return value === undefined ? undefined : Number(value);
  });

const FIELDS: Readonly<Record<string, Reader>> = {
  id: one((item) => item.id),
  title: one((item) => item.title),
  url: one((item) => item.url),
  price: decimal((item) => item.price),
  listPrice: decimal((item) => item.listPrice),
  currency: one((item) => item.currency),
  availability: one((item) => item.availability),
  brand: one((item) => item.brand),
  groupId: one((item) => item.groupId),
  hidden: one((item) => item.hidden ?? false),
  updatedAt: one((item) => item.updatedAt),
  expiresAt: one((item) => item.expiresAt),
  category: (item, holds) => item.categories.some((path) => holds(path.at(-1) as string)),
  categories: (item, holds) => item.categories.some((path) => path.some(holds)),
};
/** Fields that take longer to read: asked last. */
const SLOW_FIELDS: ReadonlySet<string> = new Set(["price", "listPrice", "category", "categories"]);

const invalid = (detail: string, pointer: string) =>
  new EndcapError("filter_invalid", { detail, errors: [{ pointer, code: "filter_invalid" }] });

function reader(field: string, pointer: string): Reader {
  if (Object.hasOwn(FIELDS, field)) return FIELDS[field] as Reader;
  const attribute = /^attributes\.(.{1,100})$/s.exec(field)?.[1];
  if (attribute === undefined) {
    throw new EndcapError("filter_unknown_field", {
      detail: `Known fields: ${Object.keys(FIELDS).join(", ")}, attributes.<name>`,
      errors: [{ pointer, code: "filter_unknown_field" }],
    });
  }
  return ({ attributes }, holds) => {
    const value = attributes !== undefined && Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
    if (value === undefined) return false;
    return Array.isArray(value) ? value.some(holds) : holds(value);
  };
}

const isScalar = (value: unknown): value is Scalar =>
  typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
const isObject = (value: unknown): value is Filter =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const COMPARE: Readonly<Record<string, (a: Scalar, b: Scalar) => boolean>> = {
  $gt: (a, b) => typeof a === typeof b && a > b,
  $gte: (a, b) => typeof a === typeof b && a >= b,
  $lt: (a, b) => typeof a === typeof b && a < b,
  $lte: (a, b) => typeof a === typeof b && a <= b,
};

/** Numbers may be written as decimal strings where the field is a price. */
function operand(field: string, value: Scalar): Scalar {
  const isPrice = field === "price" || field === "listPrice";
  return isPrice && typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

function leaf(field: string, read: Reader, operator: string, value: unknown, pointer: string): FilterLeaf {
  const made = (holds: FilterLeaf["holds"], negated = false): FilterLeaf => ({
    kind: "leaf",
    field,
    read,
    holds,
    negated,
  });
  if (operator === "$exists") {
    if (typeof value !== "boolean") throw invalid("$exists takes true or false", pointer);
    return made(() => true, !value);
  }
  if (operator === "$in" || operator === "$nin") {
    if (!Array.isArray(value) || value.length > 1000 || !value.every(isScalar))
      throw invalid(`${operator} takes a list of at most 1,000 values`, pointer);
    const wanted = new Set(value.map((each) => operand(field, each)));
    return made((each) => wanted.has(each), operator === "$nin");
  }
  if (!isScalar(value)) throw invalid("A value is a string, a number or a boolean", pointer);
  const wanted = operand(field, value);
  if (operator === "$eq" || operator === "$ne") return made((each) => each === wanted, operator === "$ne");
  const compare = Object.hasOwn(COMPARE, operator) ? COMPARE[operator] : undefined;
  if (compare === undefined)
    throw invalid("Operators: $eq $ne $in $nin $gt $gte $lt $lte $exists $and $or $not", pointer);
  return made((each) => compare(each, wanted));
}

/** Most items fail the first part already, so the quick ones come first. */
function quickFirst(parts: [string, unknown][]): [string, unknown][] {
  return parts.sort(([a], [b]) => Number(SLOW_FIELDS.has(a)) - Number(SLOW_FIELDS.has(b)));
}

const escapePointer = (key: string) => key.replaceAll("~", "~0").replaceAll("/", "~1");

/** The predicate of a filter. Throws as `parseFilter` does. */
export function compileFilter(filter: unknown): ItemPredicate {
  return predicateOf(parseFilter(filter));
}

export function predicateOf(node: FilterNode): ItemPredicate {
  switch (node.kind) {
    case "leaf": {
      const { read, holds, negated } = node;
      return negated ? (item) => !read(item, holds) : (item) => read(item, holds);
    }
    case "not": {
      const part = predicateOf(node.part);
      return (item) => !part(item);
    }
    case "any": {
      const parts = node.parts.map(predicateOf);
      return (item) => parts.some((part) => part(item));
    }
    case "all": {
      const parts = node.parts.map(predicateOf);
      return (item) => parts.every((part) => part(item));
    }
  }
}

/**
 * Takes a filter apart. Throws EndcapError `filter_invalid` or `filter_unknown_field`, with a JSON pointer into the
 * filter, when it is deeper than 5, has more than 50 leaves, or says something unknown.
 */
export function parseFilter(filter: unknown): FilterNode {
  let leaves = 0;

  const all = (parts: readonly FilterNode[]): FilterNode => {
    const [only] = parts;
    return parts.length === 1 && only ? only : { kind: "all", parts };
  };

  const countLeaf = (pointer: string) => {
    leaves += 1;
    if (leaves > LIMITS.filterLeavesMax)
      throw invalid(`A filter has at most ${LIMITS.filterLeavesMax} leaves`, pointer);
  };

  const field = (name: string, value: unknown, pointer: string, depth: number): FilterNode => {
    const read = reader(name, pointer);
    if (!isObject(value)) {
      countLeaf(pointer);
      return Array.isArray(value) ? leaf(name, read, "$in", value, pointer) : leaf(name, read, "$eq", value, pointer);
    }
    const operators = Object.entries(value);
    if (operators.length === 0) throw invalid("An empty object compares nothing", pointer);
    return all(
      operators.map(([operator, wanted]): FilterNode => {
        const at = `${pointer}/${escapePointer(operator)}`;
        if (operator === "$not") {
          if (depth >= LIMITS.filterDepthMax) throw invalid(`A filter is at most ${LIMITS.filterDepthMax} deep`, at);
          return { kind: "not", part: field(name, wanted, at, depth + 1) };
        }
        countLeaf(at);
        return leaf(name, read, operator, wanted, at);
      }),
    );
  };

  const node = (value: unknown, pointer: string, depth: number): FilterNode => {
    if (depth > LIMITS.filterDepthMax) throw invalid(`A filter is at most ${LIMITS.filterDepthMax} deep`, pointer);
    if (!isObject(value)) throw invalid("A filter is a JSON object", pointer);
    return all(
      quickFirst(Object.entries(value)).map(([key, inner]): FilterNode => {
        const at = `${pointer}/${escapePointer(key)}`;
        if (key === "$and" || key === "$or") {
          if (!Array.isArray(inner) || inner.length === 0) throw invalid(`${key} takes a list of filters`, at);
          const parts = inner.map((each, index) => node(each, `${at}/${index}`, depth + 1));
          return key === "$and" ? all(parts) : { kind: "any", parts };
        }
        if (key === "$not") return { kind: "not", part: node(inner, at, depth + 1) };
        return field(key, inner, at, depth + 1);
      }),
    );
  };

  return node(filter, "", 1);
}
