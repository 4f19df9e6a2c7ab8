import { isAscii } from "node:buffer";
import { EndcapError } from "@endcap/protocol";

/** One client's answer out of a coalesced one. */
export interface PartAnswer {
  readonly status: number;
  readonly body: unknown;
  /** The body as the upstream wrote it, or an equal text. */
  readonly text: string;
  /** Whether the text is ASCII for certain: then its length is that of its bytes, and nobody need count them. */
  readonly isAscii: boolean;
}

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
      // Parsed, so that no garbage reaches a client, and then handed on as it was written.
      const { r, s, b } = JSON.parse(line);
      if (r !== requestId) throw new TypeError(`line ${at + 1} answers another part`);
      if (!Number.isInteger(s) || s < 200 || s > 599) throw new TypeError(`line ${at + 1} has no status of an answer`);
      const head = `{"r":"${requestId}","s":${s},"b":`;
      const asWritten = line.startsWith(head);
      const text = asWritten ? line.slice(head.length, -1) : JSON.stringify(b);
      return { status: s, body: b, text, isAscii: ascii && asWritten };
    });
  } catch (error) {
    throw new EndcapError("upstream_invalid", {
      internal: "the answer to a coalesced request is broken",
      cause: error,
    });
  }
}
