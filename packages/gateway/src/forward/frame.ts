import type { PrincipalText } from "../auth/caller.ts";

/** One part as it travels behind the edge: a header line, a payload, a line feed. */
export interface PartFrame {
  /** The header line, in ASCII. */
  readonly head: string;
  readonly payload: Uint8Array;
  readonly bytes: number;
}

const lineFeed = 10;

/** @param more members of the header line as JSON text, in ASCII, each behind a comma */
export function partFrame(principal: PrincipalText, requestId: string, payload: Uint8Array, more = ""): PartFrame {
  const head = `${principal.partHead}${requestId}","n":${payload.length}${more}}\n`;
  return { head, payload, bytes: head.length + payload.length + 1 };
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
