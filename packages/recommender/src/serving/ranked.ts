import type { Item } from "@endcap/protocol";

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
  readonly score: number;
  readonly cause: Cause;
  /** The item that spoke for it. */
  readonly source: string | undefined;
  /** The item itself, where the list came by it: looking up a hundred by their ids is a tenth of a request. */
  readonly item?: Item | undefined;
  /** Its index in the model, where the list came by it: what filters remember is kept by index. */
  readonly index?: number | undefined;
}
