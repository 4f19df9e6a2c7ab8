import { COALESCED_CONTENT_TYPE, EndcapError, LIMITS } from "@endcap/protocol";
import { type InternalIssuer, type PartFrame, partFrame, writeFrames } from "@endcap/service-kit";
import type { PrincipalText } from "../auth/caller.ts";
import type { Passage } from "../tracing/passage.ts";
import { traceHeaders } from "../tracing/trace-context.ts";
import { callUpstream } from "./call-upstream.ts";
import { type PartAnswer, readPartAnswers } from "./part-answers.ts";
import type { Upstream } from "./upstreams.ts";

/** Called once: with this part's answer, or with `upstream_*`. */
export type PartDone = (outcome: PartAnswer | EndcapError) => void;

/** What goes before a part's payload. */
export interface PartHead {
  readonly principal: PrincipalText;
  readonly requestId: string;
  /** Of the caller's address, `CoalescedPartHeader.a`. */
  readonly mark: string | undefined;
}

export interface Coalescer {
  /**
   * Sends the events of one request with whatever else arrives in the same turn of the event loop.
   * @param passage is told how long the part waited and its upstream took
   * @throws EndcapError `overloaded` when too much waits
   */
  add(upstream: Upstream, head: PartHead, payload: Uint8Array, passage: Passage | null, done: PartDone): void;
}

export interface CoalescerOptions {
  readonly issuer: InternalIssuer;
  /** Bytes waiting for, or on their way to, one upstream. */
  readonly queuedBytesMax: number;
}

interface Part {
  readonly requestId: string;
  readonly frame: PartFrame;
  readonly passage: Passage | null;
  readonly addedAt: number;
  readonly done: PartDone;
}

interface Lane {
  readonly upstream: Upstream;
  waiting: Part[];
  bytes: number;
  batchesInFlight: number;
  scheduled: boolean;
  /** Runs while parts wait for more of them. */
  patience: NodeJS.Timeout | undefined;
}

/** While this many are on their way, what arrives waits for one of them. */
const batchesInFlightMax = 8;
/** From this many on their way a batch waits for company: larger batches cost less on both sides, and the disk is busy. */
const batchesAtOnce = 2;
const partsWorthSending = 32;
/** But not longer than this: a batch that hangs on one tenant's table must not hold up its neighbours. */
const patienceMs = 5;
const answerBytesMax = 16 * 1024 * 1024;

/**
 * Many clients' events in one upstream request: parsing, routing and logging of a request cost more than the events in
 * it, on both sides. At low load a batch is one request and waits for nothing but the end of the turn.
 */
export function createCoalescer({ issuer, queuedBytesMax }: CoalescerOptions): Coalescer {
  const lanes = new WeakMap<Upstream, Lane>();

  function flush(lane: Lane, impatient: boolean): void {
    while (lane.waiting.length > 0 && lane.batchesInFlight < batchesInFlightMax) {
      const worth = lane.batchesInFlight < batchesAtOnce || lane.waiting.length >= partsWorthSending;
      if (!worth && !impatient) break;
      const count = countThatFits(lane.waiting);
      const parts = lane.waiting.slice(0, count);
      lane.waiting = lane.waiting.slice(count);
      void send(lane, parts);
    }
    if (lane.waiting.length > 0) lane.patience ??= setTimeout(endPatience, patienceMs, lane);
  }

  function endOfTurn(lane: Lane): void {
    lane.scheduled = false;
    flush(lane, false);
  }

  function endPatience(lane: Lane): void {
    lane.patience = undefined;
    flush(lane, true);
  }

  async function send(lane: Lane, parts: readonly Part[]): Promise<void> {
    lane.batchesInFlight += 1;
    const sentAt = performance.now();
    let outcomes: readonly PartAnswer[] | EndcapError;
    try {
      outcomes = await exchange(lane.upstream, parts);
    } catch (error) {
      outcomes = error instanceof EndcapError ? error : new EndcapError("internal", { cause: error });
    }
    lane.batchesInFlight -= 1;
    const answeredAt = performance.now();
    for (const { frame, passage, addedAt } of parts) {
      lane.bytes -= frame.bytes;
      if (passage === null) continue;
      passage.queueMs = sentAt - addedAt;
      passage.upstreamMs = answeredAt - sentAt;
    }
    // First, so that the collector works while the clients are answered.
    flush(lane, false);
    parts.forEach(({ done }, at) => {
      const outcome = outcomes instanceof EndcapError ? outcomes : outcomes[at];
      done(outcome ?? new EndcapError("upstream_invalid", { internal: "a part has no answer" }));
    });
  }

  async function exchange(upstream: Upstream, parts: readonly Part[]): Promise<PartAnswer[]> {
    const { status, body } = await callUpstream(upstream, {
      method: "POST",
      path: "/internal/v1/event-batches",
      headers: {
        authorization: `Bearer ${await issuer.token()}`,
        "content-type": COALESCED_CONTENT_TYPE,
        ...batchTrace(parts),
      },
      body: writeFrames(parts.map(({ frame }) => frame)),
      answerBytesMax,
    });
    if (status !== 200) {
      throw new EndcapError("upstream_invalid", {
        internal: `upstream ${upstream.id} answered a coalesced request with ${status}`,
      });
    }
    return readPartAnswers(
      body,
      parts.map(({ requestId }) => requestId),
    );
  }

  return {
    add(upstream, { principal, requestId, mark }, payload, passage, done) {
      let lane = lanes.get(upstream);
      if (lane === undefined) {
        lane = { upstream, waiting: [], bytes: 0, batchesInFlight: 0, scheduled: false, patience: undefined };
        lanes.set(upstream, lane);
      }
      const frame = partFrame(principal.partHead, requestId, payload, mark === undefined ? "" : `,"a":"${mark}"`);
      if (lane.bytes + frame.bytes > queuedBytesMax) {
        throw new EndcapError("overloaded", { internal: `${lane.bytes} bytes wait for upstream ${upstream.id}` });
      }
      lane.waiting.push({ requestId, frame, passage, addedAt: performance.now(), done });
      lane.bytes += frame.bytes;
      if (!lane.scheduled) {
        lane.scheduled = true;
        setImmediate(endOfTurn, lane);
      }
    },
  };
}

/** One upstream request belongs to one trace: that of its first traced part, which at low load is its only part. */
function batchTrace(parts: readonly Part[]): Record<string, string> {
  for (const { passage } of parts) if (passage?.trace) return traceHeaders(passage.trace);
  return {};
}

/** How many of the first parts make one request within its bounds. A single part always does: an events body is smaller. */
function countThatFits(parts: readonly Part[]): number {
  let count = 0;
  let bytes = 0;
  for (const part of parts) {
    bytes += part.frame.bytes;
    if (count > 0 && (bytes > LIMITS.coalescedBytesMax || count === LIMITS.coalescedPartsMax)) break;
    count += 1;
  }
  return count;
}
