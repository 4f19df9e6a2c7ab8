/** Cuts a stream of items into request bodies within the wire's bounds of count and bytes. */
import { LIMITS } from "@endcap/protocol/limits";
import type { Source } from "../pool.ts";
import type { ItemInput } from "./items.ts";

export interface ItemChunk {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly count: number;
  /** Index of the first item in the whole stream, from 0. */
  readonly firstIndex: number;
}

/** Half the wire's bound: large enough to be rare, small enough to be retried. */
const BODY_BYTES_MAX = LIMITS.itemsBodyBytesMax / 2;
/** An item over its bound is sent all the same: the collector rejects it alone and names it. */
const encoder = new TextEncoder();

export async function* itemChunks(
  items: Source<ItemInput>,
  countMax: number,
  now: () => string,
): AsyncGenerator<ItemChunk> {
  let texts: string[] = [];
  let bytes = 0;
  let firstIndex = 0;
  const chunk = (): ItemChunk => {
    const made = { body: encoder.encode(`{"items":[${texts.join(",")}]}`), count: texts.length, firstIndex };
    firstIndex += texts.length;
    texts = [];
    bytes = 0;
    return made;
  };
  for await (const item of items) {
    // Dates become RFC 3339 text by their own toJSON.
    const text = JSON.stringify(item.updatedAt === undefined ? { ...item, updatedAt: now() } : item);
    // Three bytes a code unit at most: a cheap upper bound is enough here.
    const upperBound = text.length * 3 + 1;
    if (texts.length > 0 && bytes + upperBound > BODY_BYTES_MAX) yield chunk();
    texts.push(text);
    bytes += upperBound;
    if (texts.length >= countMax) yield chunk();
  }
  if (texts.length > 0) yield chunk();
}
