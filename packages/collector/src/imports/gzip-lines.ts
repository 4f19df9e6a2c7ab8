import { finished } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { EndcapError, LIMITS } from "@endcap/protocol";

/** A longer line is no event and no item; it is passed over without being gathered. */
const lineBytesMax = 2 * LIMITS.itemBytesMax;
/** Small enough that the lines of one chunk are judged in a few milliseconds: other tenants' events wait that long. */
const chunkBytes = 64 * 1024;
const lineFeed = 10;
const nothing = Buffer.alloc(0);

function unpack(gzip: Uint8Array) {
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  gunzip.end(gzip);
  return gunzip;
}

/**
 * Unpacks a part without keeping it, so that a damaged or bursting one is refused before anything of it is stored.
 * @throws EndcapError `body_too_large` past LIMITS.importPartUnpackedBytesMax, `invalid_request` when it is no whole gzip
 */
export async function verifyGzip(gzip: Uint8Array): Promise<void> {
  const gunzip = unpack(gzip);
  let bytes = 0;
  gunzip.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > LIMITS.importPartUnpackedBytesMax) {
      gunzip.destroy(new EndcapError("body_too_large", { detail: "The part is too large when unpacked" }));
    }
  });
  try {
    await finished(gunzip);
  } catch (error) {
    if (error instanceof EndcapError) throw error;
    throw new EndcapError("invalid_request", { detail: "The part is not one whole gzip stream", cause: error });
  }
}

/** The lines of a verified part, some at a time, without their line feeds. `null` stands for one that is too long. */
export async function* gzipLines(gzip: Uint8Array): AsyncGenerator<(Buffer | null)[]> {
  let rest = nothing;
  let tooLong = false;
  for await (const chunk of unpack(gzip) as AsyncIterable<Buffer>) {
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
  }
  if (tooLong) yield [null];
  else if (rest.length > 0) yield [rest];
}

const joined = (head: Buffer, tail: Buffer): Buffer => (head.length === 0 ? tail : Buffer.concat([head, tail]));
