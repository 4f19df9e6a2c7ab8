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

type Scalar = string | number | boolean;
/** Whether `holds` for any value that a field has on an item; for a missing one never. Walks catalogues: makes no lists. */
type Reader = (item: Item, holds: (value: Scalar) => boolean) => boolean;

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

function leaf(field: string, read: Reader, operator: string, value: unknown, pointer: string): ItemPredicate {
  if (operator === "$exists") {
    if (typeof value !== "boolean") throw invalid("$exists takes true or false", pointer);
    return (item) => read(item, () => true) === value;
  }
  if (operator === "$in" || operator === "$nin") {
    if (!Array.isArray(value) || value.length > 1000 || !value.every(isScalar))
      throw invalid(`${operator} takes a list of at most 1,000 values`, pointer);
    const wanted = new Set(value.map((each) => operand(field, each)));
    const isIn = (each: Scalar) => wanted.has(each);
    return operator === "$in" ? (item) => read(item, isIn) : (item) => !read(item, isIn);
  }
  if (!isScalar(value)) throw invalid("A value is a string, a number or a boolean", pointer);
  const wanted = operand(field, value);
  if (operator === "$eq" || operator === "$ne") {
    const equals = (each: Scalar) => each === wanted;
    return operator === "$eq" ? (item) => read(item, equals) : (item) => !read(item, equals);
  }
  const compare = Object.hasOwn(COMPARE, operator) ? COMPARE[operator] : undefined;
  if (compare === undefined)
    throw invalid("Operators: $eq $ne $in $nin $gt $gte $lt $lte $exists $and $or $not", pointer);
  const holds = (each: Scalar) => compare(each, wanted);
  return (item) => read(item, holds);
}

/** Most items fail the first part already, so the quick ones come first. */
function quickFirst(parts: [string, unknown][]): [string, unknown][] {
  return parts.sort(([a], [b]) => Number(SLOW_FIELDS.has(a)) - Number(SLOW_FIELDS.has(b)));
}

const escapePointer = (key: string) => key.replaceAll("~", "~0").replaceAll("/", "~1");

/**
 * The predicate of a filter. Throws EndcapError `filter_invalid` or `filter_unknown_field`, with a JSON pointer into the
 * filter, when it is deeper than 5, has more than 50 leaves, or says something unknown.
 */
export function compileFilter(filter: unknown): ItemPredicate {
  let leaves = 0;

  const both = (parts: readonly ItemPredicate[]): ItemPredicate => {
    const [only] = parts;
    return parts.length === 1 && only ? only : (item) => parts.every((part) => part(item));
  };

  const countLeaf = (pointer: string) => {
    leaves += 1;
    if (leaves > LIMITS.filterLeavesMax)
      throw invalid(`A filter has at most ${LIMITS.filterLeavesMax} leaves`, pointer);
  };

  const field = (name: string, value: unknown, pointer: string, depth: number): ItemPredicate => {
    const read = reader(name, pointer);
    if (!isObject(value)) {
      countLeaf(pointer);
      return Array.isArray(value) ? leaf(name, read, "$in", value, pointer) : leaf(name, read, "$eq", value, pointer);
    }
    const operators = Object.entries(value);
    if (operators.length === 0) throw invalid("An empty object compares nothing", pointer);
    return both(
      operators.map(([operator, wanted]) => {
        const at = `${pointer}/${escapePointer(operator)}`;
        if (operator === "$not") {
          if (depth >= LIMITS.filterDepthMax) throw invalid(`A filter is at most ${LIMITS.filterDepthMax} deep`, at);
          const part = field(name, wanted, at, depth + 1);
          return (item) => !part(item);
        }
        countLeaf(at);
        return leaf(name, read, operator, wanted, at);
      }),
    );
  };

  const node = (value: unknown, pointer: string, depth: number): ItemPredicate => {
    if (depth > LIMITS.filterDepthMax) throw invalid(`A filter is at most ${LIMITS.filterDepthMax} deep`, pointer);
    if (!isObject(value)) throw invalid("A filter is a JSON object", pointer);
    return both(
      quickFirst(Object.entries(value)).map(([key, inner]) => {
        const at = `${pointer}/${escapePointer(key)}`;
        if (key === "$and" || key === "$or") {
          if (!Array.isArray(inner) || inner.length === 0) throw invalid(`${key} takes a list of filters`, at);
          const parts = inner.map((each, index) => node(each, `${at}/${index}`, depth + 1));
          return key === "$and" ? both(parts) : (item) => parts.some((part) => part(item));
        }
        if (key === "$not") {
          const part = node(inner, at, depth + 1);
          return (item) => !part(item);
        }
        return field(key, inner, at, depth + 1);
      }),
    );
  };

  return node(filter, "", 1);
}
