import { EndcapError, LIMITS } from "@endcap/protocol";
import { type InternalIssuer, type OpenPart, OpenRequest, type PartFrame, partFrame } from "@endcap/service-kit";
import type { PrincipalText } from "../auth/caller.ts";
import type { Passage } from "../tracing/passage.ts";
import { traceHeaders } from "../tracing/trace-context.ts";
import { mayRetry, type UpstreamAnswer, upstreamFault } from "./call-upstream.ts";
import type { Upstream } from "./upstreams.ts";

/** Called once, unless the part was cancelled: with its answer, or with `upstream_*` or `overloaded`. */
export type PartDone = (outcome: UpstreamAnswer | EndcapError) => void;

export interface PartQuestion {
  readonly principal: PrincipalText;
  readonly requestId: string;
  readonly payload: Uint8Array;
  /** What the upstream is told, in milliseconds. */
  readonly deadlineMs: number;
  /** The caller's own deadline, in milliseconds from now, when it has one. */
  readonly msMax: number | undefined;
  /** Is told how long the part waited and its upstream took. */
  readonly passage: Passage | null;
}

export interface Parts {
  /** @returns gives the part up: its client has left */
  ask(upstream: Upstream, question: PartQuestion, done: PartDone): () => void;
  /** Ends what is open as soon as its parts are answered. */
  close(): void;
}

export interface PartsOptions {
  readonly path: string;
  readonly issuer: InternalIssuer;
  readonly answerBytesMax: number;
  readonly answerMsMax: number;
}

/** From so many parts waiting on each open request another one is opened, up to so many. */
const partsWorthARequest = 64;
const requestsMax = 8;

/**
 * Many clients' questions on a few requests that stay open: what a request costs by itself, on both sides, is more than
 * what a small one is about. What is asked in one turn of the event loop leaves in one write; each part has a deadline, an
 * answer and a fate of its own.
 */
export function createParts(options: PartsOptions): Parts {
  const lanes = new WeakMap<Upstream, Lane>();
  const open = new Set<OpenRequest>();
  return {
    ask(upstream, question, done) {
      let lane = lanes.get(upstream);
      if (lane === undefined) {
        lane = new Lane(upstream, options, open);
        lanes.set(upstream, lane);
      }
      const part = new Part(lane, question, done);
      lane.ask(part);
      return () => part.cancel();
    },
    close() {
      for (const request of open) request.retire();
    },
  };
}

/** What is on its way to one upstream. */
class Lane {
  readonly upstream: Upstream;
  readonly #options: PartsOptions;
  /** Of all lanes. */
  readonly #open: Set<OpenRequest>;
  readonly #requests = new Set<OpenRequest>();
  #asked: Part[] = [];
  #scheduled = false;

  constructor(upstream: Upstream, options: PartsOptions, open: Set<OpenRequest>) {
    this.upstream = upstream;
    this.#options = options;
    this.#open = open;
  }

  ask(part: Part): void {
    this.#asked.push(part);
    this.sendSoon();
  }

  /** At the end of the turn. */
  sendSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => void this.#send());
  }

  async #send(): Promise<void> {
    this.#scheduled = false;
    const asked = this.#asked;
    this.#asked = [];
    try {
      const token = asked.length === 0 ? "" : await this.#options.issuer.token();
      for (const part of asked) part.leaveOn(this.#requestFor(token));
    } catch (cause) {
      for (const part of asked) part.settle(new EndcapError("internal", { cause }));
    }
    for (const request of this.#requests) request.send();
  }

  /** The one with the fewest parts; none when all are full, those that take no more parts among them. */
  #requestFor(token: string): OpenRequest | undefined {
    let best: OpenRequest | undefined;
    let open = 0;
    let waiting = 0;
    for (const request of this.#requests) {
      waiting += request.waiting;
      // Its token speaks for all its parts, and is renewed long before it ends.
      if (request.token !== token) request.retire();
      if (!request.open) continue;
      open += 1;
      if (best === undefined || request.waiting < best.waiting) best = request;
    }
    if (waiting >= requestsMax * LIMITS.coalescedPartsMax) return undefined;
    if (best === undefined || (best.waiting >= partsWorthARequest && open < requestsMax)) best = this.#openOne(token);
    return best.full ? undefined : best;
  }

  #openOne(token: string): OpenRequest {
    const { path, answerBytesMax, answerMsMax } = this.#options;
    const onClosed = (closed: OpenRequest): void => {
      this.#requests.delete(closed);
      this.#open.delete(closed);
    };
    const { id, pool, breaker } = this.upstream;
    const request = new OpenRequest({
      pool,
      id,
      path,
      token,
      answerBytesMax,
      answerMsMax,
      // A refusal is an answer; the parts of either are lost.
      onFault: (fault) => (fault === "refused" ? breaker.succeeded() : breaker.failed()),
      onClosed,
    });
    if (request.open) {
      this.#requests.add(request);
      this.#open.add(request);
    }
    return request;
  }
}

class Part implements OpenPart {
  readonly requestId: string;
  readonly frame: PartFrame;
  sentAt = 0;
  readonly #lane: Lane;
  readonly #passage: Passage | null;
  readonly #done: PartDone;
  readonly #askedAt = performance.now();
  #request: OpenRequest | undefined;
  #attempts = 0;
  #settled = false;
  readonly #deadline: NodeJS.Timeout | undefined;

  constructor(lane: Lane, question: PartQuestion, done: PartDone) {
    const { principal, requestId, payload, deadlineMs, msMax, passage } = question;
    this.requestId = requestId;
    this.frame = partFrame(principal.partHead, requestId, payload, `,"d":${deadlineMs}${traceMembers(passage)}`);
    this.#lane = lane;
    this.#passage = passage;
    this.#done = done;
    if (msMax !== undefined) this.#deadline = setTimeout(() => this.#endDeadline(), msMax);
    lane.upstream.retries.called();
  }

  /** @param request none: there is no room for it */
  leaveOn(request: OpenRequest | undefined): void {
    if (this.#settled) return;
    this.#request = request;
    this.#attempts += 1;
    if (request !== undefined) {
      request.ask(this);
      return;
    }
    this.settle(new EndcapError("overloaded", { internal: `too much waits for upstream ${this.#lane.upstream.id}` }));
  }

  answered(status: number, body: Buffer): void {
    this.#lane.upstream.breaker.succeeded();
    this.settle({ status, body });
  }

  late(): void {
    const { id, breaker } = this.#lane.upstream;
    breaker.failed();
    this.settle(new EndcapError("upstream_timeout", { internal: `upstream ${id} did not answer a part in time` }));
  }

  lost(error: Error): void {
    const { upstream } = this.#lane;
    if (error instanceof EndcapError) {
      this.settle(error);
    } else if (this.#attempts === 1 && mayRetry(upstream, error)) {
      this.#lane.ask(this);
    } else {
      upstream.breaker.failed();
      this.settle(upstreamFault(upstream.id, error));
    }
  }

  cancel(): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#deadline);
    this.#request?.giveUp(this);
    this.#lane.sendSoon();
  }

  settle(outcome: UpstreamAnswer | EndcapError): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#deadline);
    if (this.#passage !== null && this.sentAt > 0) {
      this.#passage.queueMs = this.sentAt - this.#askedAt;
      this.#passage.upstreamMs = performance.now() - this.sentAt;
    }
    this.#done(outcome);
  }

  /** The caller's deadline says nothing about the upstream: its breaker is not told. */
  #endDeadline(): void {
    const { id } = this.#lane.upstream;
    this.#request?.giveUp(this);
    this.#lane.sendSoon();
    this.settle(new EndcapError("upstream_timeout", { internal: `upstream ${id}: deadline passed` }));
  }
}

function traceMembers(passage: Passage | null): string {
  if (!passage?.trace) return "";
  const { traceparent, tracestate } = traceHeaders(passage.trace);
  return `,"t":"${traceparent}"${tracestate === undefined ? "" : `,"ts":${JSON.stringify(tracestate)}`}`;
}
