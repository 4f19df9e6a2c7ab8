import { EndcapError, LIMITS } from "@endcap/protocol";
import { type Frame, FrameError, readFrame } from "@endcap/service-kit";

/** One part of a coalesced request: still unjudged. */
export interface PartFrame {
  /** Whatever the header line gave as principal. */
  readonly principal: unknown;
  readonly requestId: string;
  /** Of the caller's address, from pages of a tenant that has its catalogue observed. */
  readonly mark: string | undefined;
  readonly payload: Buffer;
}

const broken = (part: number, why: string) =>
  new EndcapError("invalid_request", { detail: `Part ${part} of the coalesced request ${why}` });

/**
 * Splits a coalesced body. Where the framing itself is broken nobody can tell where the next part starts, so the whole
 * request is refused, and nothing of it was stored.
 * @throws EndcapError `invalid_request`
 */
export function splitFrames(body: Buffer): PartFrame[] {
  const frames: PartFrame[] = [];
  for (let at = 0; at < body.length; ) {
    const part = frames.length + 1;
    if (part > LIMITS.coalescedPartsMax) throw broken(part, `is past the limit of ${LIMITS.coalescedPartsMax}`);
    try {
      const read = readFrame(body, at, body.length);
      if (typeof read === "number") throw new FrameError("does not end where its header says");
      frames.push(partFrame(read.frame));
      at = read.end;
    } catch (error) {
      throw error instanceof FrameError ? broken(part, error.message) : error;
    }
  }
  if (frames.length === 0) throw new EndcapError("body_missing");
  return frames;
}

function partFrame({ header: { p, r, a }, payload }: Frame): PartFrame {
  if (typeof r !== "string" || r.length > 100) throw new FrameError("has no request id");
  if (a !== undefined && (typeof a !== "string" || a.length > 32)) throw new FrameError("has no readable address mark");
  return { principal: p, requestId: r, mark: a, payload };
}
