import { LIMITS, type Principal } from "@endcap/protocol";

/** What several callers' parts share one connection in: a header line of JSON, `n` bytes of payload, a line feed. */
export interface Frame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Buffer;
}

/** Bytes that are no frames: nobody can tell where the next one starts. */
export class FrameError extends Error {}

const lineFeed = 10;

/**
 * The frame that begins at `at` and where it ends, or how many bytes from `at` on it takes at the least.
 * @throws FrameError
 */
export function readFrame(bytes: Buffer, at: number, payloadBytesMax: number): { frame: Frame; end: number } | number {
  const lineEnd = bytes.indexOf(lineFeed, at);
  const lineBytes = (lineEnd < 0 ? bytes.length : lineEnd) - at;
  if (lineBytes >= LIMITS.internalHeaderBytesMax) throw new FrameError("has no header line");
  if (lineEnd < 0) return lineBytes + 1;
  const header = readHeader(bytes.toString("utf8", at, lineEnd));
  const { n } = header;
  if (typeof n !== "number" || !Number.isSafeInteger(n) || n < 0) throw new FrameError("does not say its length");
  if (n > payloadBytesMax) throw new FrameError("is too large");
  const end = lineEnd + 1 + n;
  if (end >= bytes.length) return end + 1 - at;
  if (bytes[end] !== lineFeed) throw new FrameError("does not end where its header says");
  return { frame: { header, payload: bytes.subarray(lineEnd + 1, end) }, end: end + 1 };
}

function readHeader(line: string): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(line);
  } catch {
    header = null;
  }
  if (!isRecord(header)) throw new FrameError("has an unreadable header line");
  return header;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Frames out of chunks that are cut anywhere. It holds no more than one unfinished frame. */
export class FrameReader {
  readonly #payloadBytesMax: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Looking again is worth nothing before so many bytes are here. */
  #bytesNeeded = 0;

  constructor(payloadBytesMax: number) {
    this.#payloadBytesMax = payloadBytesMax;
  }

  /**
   * The frames that this chunk completes.
   * @throws FrameError
   */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const frames: Frame[] = [];
    if (this.#bytes < this.#bytesNeeded) return frames;
    const held = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#bytes);
    let at = 0;
    this.#bytesNeeded = 0;
    while (at < held.length) {
      const read = readFrame(held, at, this.#payloadBytesMax);
      if (typeof read === "number") {
        this.#bytesNeeded = read;
        break;
      }
      frames.push(read.frame);
      at = read.end;
    }
    this.#chunks = at < held.length ? [held.subarray(at)] : [];
    this.#bytes = held.length - at;
    return frames;
  }
}

/** One part as it travels behind the edge: a header line, a payload, a line feed. */
export interface PartFrame {
  /** The header line, in ASCII. */
  readonly head: string;
  readonly payload: Uint8Array;
  readonly bytes: number;
}

const noBytes = Buffer.alloc(0);

/** Gives up a part that was asked on an open request. */
export function leftFrame(requestId: string): PartFrame {
  const head = `{"r":"${requestId}","n":0,"x":true}\n`;
  return { head, payload: noBytes, bytes: head.length + 1 };
}

export function writeFrames(frames: readonly PartFrame[]): Buffer {
  const written = Buffer.allocUnsafe(frames.reduce((sum, { bytes }) => sum + bytes, 0));
  let end = 0;
  for (const { head, payload } of frames) {
    end += written.write(head, end, "latin1");
    written.set(payload, end);
    end += payload.length;
    written[end] = lineFeed;
    end += 1;
  }
  return written;
}

/** How the header line of a caller's parts begins, up to the request id. In ASCII, so that writing it is copying it. */
export function partHeadOf(principal: Principal): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `{"p":${JSON.stringify(principal).replace(/[^\x20-\x7e]/g, escaped)},"r":"`;
}

/** @param more members of the header line as JSON text, in ASCII, each behind a comma */
export function partFrame(partHead: string, requestId: string, payload: Uint8Array, more = ""): PartFrame {
  const head = `${partHead}${requestId}","n":${payload.length}${more}}\n`;
  return { head, payload, bytes: head.length + payload.length + 1 };
}
