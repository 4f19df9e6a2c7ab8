/** What put an item on a list. Codes are kept in served logs: append only. */
export const reasons = {
  /** A neighbour, in the count tables, of the `source` item of the session. */
  viewed: 1,
  /** The shopper has it in this session already, or met it in an earlier visit. */
  inSession: 2,
  /** Purchased in one basket with the `source` item. */
  boughtTogether: 3,
  popular: 4,
  trending: 5,
} as const;
export type Reason = (typeof reasons)[keyof typeof reasons];

/** Says of item indices whether they may be shown. */
export interface Acceptance {
  accepts(item: number): boolean;
  /** All that are accepted, most popular first, when they are known and few: what fills a list then walks only them. */
  readonly few?: Int32Array | undefined;
}

export interface ListOptions {
  readonly limit: number;
  /** A list shorter than this is filled with what is popular. Default `limit`; 0: never, for lists that only add to others. */
  readonly fillTo?: number | undefined;
  /** Bitmap over item indices, 1 = may be shown: what can be sold at all. Absent: everything. */
  readonly accept?: Uint8Array | undefined;
  /** Must accept as well: the request's own filter, which is asked only about what would otherwise be shown. */
  readonly acceptAlso?: Acceptance | undefined;
  /** Item indices that must not be shown: ids the request excludes, things purchased. Unknown (negative) ones are ignored. */
  readonly exclude?: ArrayLike<number> | undefined;
}

export interface RankOptions extends ListOptions {
  /** Whether items of the session may be shown again ("continue browsing"). Default true. */
  readonly repeats?: boolean | undefined;
}

/** A list in columns, reused from request to request: `count` entries are valid. */
export interface RankedList {
  readonly capacity: number;
  count: number;
  readonly items: Int32Array;
  /** Comparable within one list only; descending. Entries of the popularity fill continue below the ranked ones. */
  readonly scores: Float32Array;
  /** A `Reason` for each entry. */
  readonly why: Uint8Array;
  /** The item the reason is about, -1 for none. */
  readonly source: Int32Array;
}

export function createList(capacity: number): RankedList {
  return {
    capacity,
    count: 0,
    items: new Int32Array(capacity),
    scores: new Float32Array(capacity),
    why: new Uint8Array(capacity),
    source: new Int32Array(capacity),
  };
}
