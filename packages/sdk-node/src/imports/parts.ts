/** Cuts a stream of lines into parts. Where it cuts depends on the lines alone, so that a second run cuts the same. */
import type { Event, Item } from "@endcap/protocol";
import type { Source } from "../pool.ts";

/** One line of an import. Event and item carry their own ids and times: a repeated run must give the same bytes. */
export type ImportLine = { readonly event: Event } | { readonly item: Item } | { readonly delete: string };

export interface ImportPart {
  /** Counts from 1. */
  readonly part: number;
  /** NDJSON, not compressed yet. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lines: number;
  /** Lines in all earlier parts. */
  readonly linesBefore: number;
}

const encoder = new TextEncoder();

export async function* importParts(lines: Source<ImportLine>, partBytesMax: number): AsyncGenerator<ImportPart> {
  let buffer = new Uint8Array(Math.min(partBytesMax, 1024 * 1024));
  let length = 0;
  let part = 1;
  let count = 0;
  let linesBefore = 0;
  const cut = (): ImportPart => {
    const made = { part, bytes: buffer.slice(0, length), lines: count, linesBefore };
    part += 1;
    linesBefore += count;
    count = 0;
    length = 0;
    return made;
  };
  for await (const line of lines) {
    const text = `${JSON.stringify(line)}\n`;
    const upperBound = text.length * 3;
    if (length + upperBound > buffer.length) {
      const grown = new Uint8Array(Math.max(buffer.length * 2, length + upperBound));
      grown.set(buffer.subarray(0, length));
      buffer = grown;
    }
    const { written } = encoder.encodeInto(text, buffer.subarray(length));
    if (count > 0 && length + written > partBytesMax) {
      const spill = buffer.slice(length, length + written);
      yield cut();
      buffer.set(spill);
    }
    length += written;
    count += 1;
  }
  if (count > 0) yield cut();
}

/** NDJSON of a few lines. */
export function ndjson(lines: Iterable<ImportLine>): Uint8Array<ArrayBuffer> {
  let text = "";
  for (const line of lines) text += `${JSON.stringify(line)}\n`;
  return encoder.encode(text);
}
