import { COALESCED_CONTENT_TYPE, EndcapError, LIMITS, type Principal } from "@endcap/protocol";
import type { InternalIssuer } from "@endcap/service-kit";
import { callUpstream } from "./call-upstream.ts";
import type { Upstream } from "./upstreams.ts";

/** One client's answer out of a coalesced one. */
export interface PartAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface Coalescer {
  /**
   * Sends the events of one request with whatever else arrives in the same turn of the event loop. Resolves when the
   * collector has answered this part.
   * @throws EndcapError `overloaded` when too much waits; rejects with `upstream_*`
   */
  add(upstream: Upstream, principal: Principal, requestId: string, payload: Uint8Array): Promise<PartAnswer>;
}

export interface CoalescerOptions {
  readonly issuer: InternalIssuer;
  /** Bytes waiting for, or on their way to, one upstream. */
  readonly queuedBytesMax: number;
}

interface Part {
  readonly requestId: string;
  readonly header: Buffer;
  readonly payload: Uint8Array;
  readonly bytes: number;
  readonly resolve: (answer: PartAnswer) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  readonly upstream: Upstream;
  waiting: Part[];
  bytes: number;
  batchesInFlight: number;
  scheduled: boolean;
}

/** While this many are on their way, what arrives waits and leaves together: batches grow as the load does. */
const batchesInFlightMax = 8;
const answerBytesMax = 16 * 1024 * 1024;
const lineFeed = Buffer.from("\n");

/**
 * Many clients' events in one upstream request: parsing, routing and logging of a request cost more than the events in
 * it, on both sides. At low load a batch is one request and waits for nothing but the end of the turn.
 */
export function createCoalescer({ issuer, queuedBytesMax }: CoalescerOptions): Coalescer {
  const lanes = new WeakMap<Upstream, Lane>();

  function flush(lane: Lane): void {
    lane.scheduled = false;
    while (lane.waiting.length > 0 && lane.batchesInFlight < batchesInFlightMax) {
      const count = countThatFits(lane.waiting);
      const parts = lane.waiting.slice(0, count);
      lane.waiting = lane.waiting.slice(count);
      void send(lane, parts);
    }
  }

  async function send(lane: Lane, parts: readonly Part[]): Promise<void> {
    lane.batchesInFlight += 1;
    try {
      const answers = await exchange(lane.upstream, parts);
      parts.forEach((part, at) => {
        const answer = answers[at];
        if (answer === undefined)
          part.reject(new EndcapError("upstream_invalid", { internal: "a part has no answer" }));
        else part.resolve(answer);
      });
    } catch (error) {
      for (const part of parts) part.reject(error);
    } finally {
      lane.batchesInFlight -= 1;
      for (const part of parts) lane.bytes -= part.bytes;
      flush(lane);
    }
  }

  async function exchange(upstream: Upstream, parts: readonly Part[]): Promise<PartAnswer[]> {
    const { answer } = callUpstream(upstream, {
      method: "POST",
      path: "/internal/v1/event-batches",
      headers: { authorization: `Bearer ${await issuer.token()}`, "content-type": COALESCED_CONTENT_TYPE },
      body: Buffer.concat(parts.flatMap(({ header, payload }) => [header, payload, lineFeed])),
      answerBytesMax,
    });
    const { status, body } = await answer;
    if (status !== 200) {
      throw new EndcapError("upstream_invalid", {
        internal: `upstream ${upstream.id} answered a coalesced request with ${status}`,
      });
    }
    return readAnswers(body, parts);
  }

  return {
    add(upstream, principal, requestId, payload) {
      let lane = lanes.get(upstream);
      if (lane === undefined) {
        lane = { upstream, waiting: [], bytes: 0, batchesInFlight: 0, scheduled: false };
        lanes.set(upstream, lane);
      }
      const line = `{"p":${JSON.stringify(principal)},"r":${JSON.stringify(requestId)},"n":${payload.length}}\n`;
      const header = Buffer.from(line);
      const bytes = header.length + payload.length + 1;
      if (lane.bytes + bytes > queuedBytesMax) {
        throw new EndcapError("overloaded", { internal: `${lane.bytes} bytes wait for upstream ${upstream.id}` });
      }
      const { promise, resolve, reject } = Promise.withResolvers<PartAnswer>();
      lane.waiting.push({ requestId, header, payload, bytes, resolve, reject });
      lane.bytes += bytes;
      if (!lane.scheduled) {
        lane.scheduled = true;
        setImmediate(flush, lane);
      }
      return promise;
    },
  };
}

/** How many of the first parts make one request within its bounds. A single part always does: an events body is smaller. */
function countThatFits(parts: readonly Part[]): number {
  let count = 0;
  let bytes = 0;
  for (const part of parts) {
    bytes += part.bytes;
    if (count > 0 && (bytes > LIMITS.coalescedBytesMax || count === LIMITS.coalescedPartsMax)) break;
    count += 1;
  }
  return count;
}

/** @throws EndcapError `upstream_invalid` when the lines are not the parts' answers in order */
function readAnswers(body: Buffer, parts: readonly Part[]): PartAnswer[] {
  const lines = body.toString("utf8").trimEnd().split("\n");
  try {
    return parts.map(({ requestId }, at) => {
      const { r, s, b } = JSON.parse(lines[at] ?? "");
      if (r !== requestId || typeof s !== "number") throw new TypeError(`line ${at + 1} answers another part`);
      return { status: s, body: b };
    });
  } catch (error) {
    throw new EndcapError("upstream_invalid", {
      internal: "the answer to a coalesced request is broken",
      cause: error,
    });
  }
}
