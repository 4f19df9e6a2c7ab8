import { setImmediate as nextTurn } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { EndcapError, LIMITS } from "@endcap/protocol";

/** A longer line is no event and no item; it is passed over without being gathered. */
const lineBytesMax = 2 * LIMITS.itemBytesMax;
/** Small enough that the lines of one chunk are judged in a few milliseconds: other tenants' events wait that long. */
const chunkBytes = 64 * 1024;
const lineFeed = 10;
const nothing = Buffer.alloc(0);

/**
 * Unpacks a whole part, so that a damaged or bursting one is refused before anything of it is stored.
 * @throws EndcapError `body_too_large` past LIMITS.importPartUnpackedBytesMax, `invalid_request` when it is no whole gzip
 */
export async function unpack(gzip: Uint8Array): Promise<Buffer[]> {
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  gunzip.end(gzip);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LIMITS.importPartUnpackedBytesMax) {
        throw new EndcapError("body_too_large", { detail: "The part is too large when unpacked" });
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof EndcapError) throw error;
    throw new EndcapError("invalid_request", { detail: "The part is not one whole gzip stream", cause: error });
  }
  return chunks;
}

/**
 * The lines in `chunks`, those that end in one chunk together, without their line feeds; `null` stands for one that is
 * too long. Yields to the event loop after each chunk and lets go of it.
 */
export async function* linesOf(chunks: Buffer[]): AsyncGenerator<(Buffer | null)[]> {
  let rest = nothing;
  let tooLong = false;
  for (const [index, chunk] of chunks.entries()) {
    const lines: (Buffer | null)[] = [];
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      const tail = chunk.subarray(start, end);
      lines.push(tooLong || rest.length + tail.length > lineBytesMax ? null : joined(rest, tail));
      rest = nothing;
      tooLong = false;
      start = end + 1;
    }
    const open = chunk.subarray(start);
    tooLong ||= rest.length + open.length > lineBytesMax;
    rest = tooLong ? nothing : Buffer.concat([rest, open]);
    yield lines;
    chunks[index] = nothing;
    await nextTurn();
  }
  if (tooLong) yield [null];
  else if (rest.length > 0) yield [rest];
}

const joined = (head: Buffer, tail: Buffer): Buffer => (head.length === 0 ? tail : Buffer.concat([head, tail]));
