/** Why an entry is on the list: a code of the model, or what only the catalogue, the history or the last minutes can say. */
export type Cause =
  | "viewed"
  | "inSession"
  | "boughtTogether"
  | "popular"
  | "trending"
  | "similar"
  | "new"
  | "recent"
  | "pinned";

export interface Ranked {
  readonly id: string;
  /** The catalogue's slot of the item; -1 when it is in no catalogue. */
  readonly slot: number;
  readonly score: number;
  readonly cause: Cause;
  /** The item that spoke for it. */
  readonly source: string | undefined;
}

/** What tells entries apart: reading a hundred ids all over the heap is a tenth of a request. */
export const keyOf = (entry: Ranked): number | string => (entry.slot < 0 ? entry.id : entry.slot);

export function rescored({ id, slot, cause, source }: Ranked, score: number): Ranked {
  return { id, slot, score, cause, source };
}
