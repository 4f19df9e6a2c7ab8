import { isAscii } from "node:buffer";
import { EndcapError } from "@endcap/protocol";

/** One client's answer out of a coalesced one. */
export interface PartAnswer {
  readonly status: number;
  readonly body: unknown;
  /** The body as JSON. */
  readonly text: string;
  /** Whether the text is ASCII for certain: then its length is that of its bytes, and nobody need count them. */
  readonly isAscii: boolean;
}

/**
 * Bodies of events that were taken, by their text: most are the same few, and to parse them anew would be a thirtieth of
 * what a request costs. Whatever is in here was parsed once.
 */
const usualBodies = new Map<string, unknown>();
const [usualStatus, usualBodiesMax, usualLengthMax] = [202, 500, 200];

/** How a line begins that answers a part. */
const headOf = (requestId: string, status: number): string => `{"r":"${requestId}","s":${status},"b":`;

/**
 * Reads the lines `{"r": request id, "s": status, "b": body}` that answer the parts, in their order.
 * @throws EndcapError `upstream_invalid` when they are not that
 */
export function readPartAnswers(bytes: Buffer, requestIds: readonly string[]): PartAnswer[] {
  const ascii = isAscii(bytes);
  const lines = bytes.toString("utf8").trimEnd().split("\n");
  try {
    return requestIds.map((requestId, at) => {
      const line = lines[at] ?? "";
      return usualAnswer(line, requestId, ascii) ?? readAnswer(line, requestId, ascii);
    });
  } catch (error) {
    throw new EndcapError("upstream_invalid", {
      internal: "the answer to a coalesced request is broken",
      cause: error,
    });
  }
}

function usualAnswer(line: string, requestId: string, ascii: boolean): PartAnswer | undefined {
  const head = headOf(requestId, usualStatus);
  if (line.slice(0, head.length) !== head || !line.endsWith("}")) return undefined;
  const text = line.slice(head.length, -1);
  const body = usualBodies.get(text);
  return body === undefined ? undefined : { status: usualStatus, body, text, isAscii: ascii };
}

/** Parsed and written anew, so that no garbage reaches a client. */
function readAnswer(line: string, requestId: string, ascii: boolean): PartAnswer {
  const { r, s, b } = JSON.parse(line);
  if (r !== requestId) throw new TypeError(`the line of ${requestId} answers another part`);
  if (!Number.isInteger(s) || s < 200 || s > 599) throw new TypeError(`${requestId} has no status of an answer`);
  if (b === undefined) throw new TypeError(`${requestId} has no body`);
  const text = JSON.stringify(b);
  const asWritten = line === `${headOf(requestId, s)}${text}}`;
  if (asWritten && s === usualStatus && text.length <= usualLengthMax && usualBodies.size < usualBodiesMax) {
    usualBodies.set(text, b);
  }
  return { status: s, body: b, text, isAscii: ascii && asWritten };
}
