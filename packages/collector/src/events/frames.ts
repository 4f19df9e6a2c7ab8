import { EndcapError, LIMITS } from "@endcap/protocol";

/** One part of a coalesced request: still unjudged. */
export interface Frame {
  /** Whatever the header line gave as principal. */
  readonly principal: unknown;
  readonly requestId: string;
  /** Of the caller's address, from pages of a tenant that has its catalogue observed. */
  readonly mark: string | undefined;
  readonly payload: Buffer;
}

const lineFeed = 10;

const broken = (part: number, why: string) =>
  new EndcapError("invalid_request", { detail: `Part ${part} of the coalesced request ${why}` });

/**
 * Splits a coalesced body: per part a header line, `n` payload bytes and a line feed. Where the framing itself is broken
 * nobody can tell where the next part starts, so the whole request is refused, and nothing of it was stored.
 * @throws EndcapError `invalid_request`
 */
export function splitFrames(body: Buffer): Frame[] {
  const frames: Frame[] = [];
  let at = 0;
  while (at < body.length) {
    const part = frames.length + 1;
    if (part > LIMITS.coalescedPartsMax) throw broken(part, `is past the limit of ${LIMITS.coalescedPartsMax}`);
    const lineEnd = body.subarray(at, at + LIMITS.internalHeaderBytesMax).indexOf(lineFeed);
    if (lineEnd < 0) throw broken(part, "has no header line");
    const { p, r, n, a } = readHeader(body.toString("utf8", at, at + lineEnd), part);
    const start = at + lineEnd + 1;
    const end = start + n;
    if (body[end] !== lineFeed) throw broken(part, "does not end where its header says");
    frames.push({ principal: p, requestId: r, mark: a, payload: body.subarray(start, end) });
    at = end + 1;
  }
  if (frames.length === 0) throw new EndcapError("body_missing");
  return frames;
}

function readHeader(line: string, part: number): { p: unknown; r: string; n: number; a: string | undefined } {
  let header: unknown;
  try {
    header = JSON.parse(line);
  } catch {
    throw broken(part, "has an unreadable header line");
  }
  if (typeof header !== "object" || header === null) throw broken(part, "has an unreadable header line");
  const { p, r, n, a } = header as { p?: unknown; r?: unknown; n?: unknown; a?: unknown };
  if (typeof r !== "string" || r.length > 100) throw broken(part, "has no request id");
  if (typeof n !== "number" || !Number.isSafeInteger(n) || n < 0) throw broken(part, "does not say its length");
  if (a !== undefined && (typeof a !== "string" || a.length > 32)) throw broken(part, "has no readable address mark");
  return { p, r, n, a };
}
