import { type OpenPart, OpenRequest, type PartFrame, partFrame, partHeadOf } from "@endcap/service-kit";
import type { Pool } from "undici";
import { listMsMax, type RankCall } from "./exchange.ts";
import { type Outcome, readOutcome } from "./outcome.ts";

/** What came of asking on an open request. `lost`: it ended first, and the question can be asked again. */
export type OpenOutcome = Outcome | { readonly kind: "lost" };

export interface OpenListsOptions {
  readonly pool: Pool;
  readonly url: string;
  readonly answerBytesMax: number;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/** After an open request was refused: it may be a recommender of before there were any, or somebody in its place. */
const refusedMs = 60_000;

/**
 * Lists asked of one recommender on requests that stay open, one for each token that callers bring: a request of its own
 * cost more than the list, on both sides. Nothing is opened before the recommender has answered a request of its own kind:
 * while it hibernates somebody else is at its address.
 */
export class OpenLists {
  readonly #options: OpenListsOptions;
  /** By token, the one that takes questions. */
  readonly #newest = new Map<string, OpenRequest>();
  /** With those that only wait for their answers. */
  readonly #requests = new Set<OpenRequest>();
  #isAwake = false;
  #notBefore = 0;
  #scheduled = false;

  constructor(options: OpenListsOptions) {
    this.#options = options;
  }

  /** Whether a question may go this way. */
  get ready(): boolean {
    return this.#isAwake && this.#options.now() >= this.#notBefore;
  }

  /** What a request of its own came to: a list, and the recommender is there. */
  note(isList: boolean): void {
    this.#isAwake = isList;
  }

  /** The question's answer, or what became of it by its deadline, whichever is first. Never rejects. */
  ask(call: RankCall): Promise<OpenOutcome> {
    return new Promise((resolve) => {
      const request = this.#requestFor(call.authorization);
      if (request.full) {
        resolve({ kind: "failure", failure: "busy" });
        return;
      }
      // Callers make their ids by themselves, and may make one twice.
      if (request.has(call.requestId)) {
        resolve({ kind: "lost" });
        return;
      }
      request.ask(new Question(call, request, () => this.#sendSoon(), resolve));
      this.#sendSoon();
    });
  }

  /** Ends what is open as soon as its questions are answered. */
  close(): void {
    for (const request of this.#requests) request.retire();
  }

  #requestFor(authorization: string): OpenRequest {
    const known = this.#newest.get(authorization);
    if (known?.open) return known;
    const { pool, url, answerBytesMax, now } = this.#options;
    const request = new OpenRequest({
      pool,
      id: url,
      path: "/internal/v1/rank-parts",
      token: authorization.replace(/^Bearer /, ""),
      answerBytesMax,
      answerMsMax: listMsMax,
      onFault: () => {
        this.#notBefore = now() + refusedMs;
      },
      onClosed: (closed) => {
        this.#requests.delete(closed);
        if (this.#newest.get(authorization) === closed) this.#newest.delete(authorization);
      },
    });
    // Where the connections are closed it is so from the start.
    if (request.open) {
      this.#requests.add(request);
      this.#newest.set(authorization, request);
    }
    return request;
  }

  /** At the end of the turn: what was asked in it leaves in one write. */
  #sendSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const request of this.#requests) request.send();
    });
  }
}

class Question implements OpenPart {
  readonly requestId: string;
  readonly frame: PartFrame;
  sentAt = 0;
  readonly #call: RankCall;
  readonly #request: OpenRequest;
  readonly #sendSoon: () => void;
  readonly #resolve: (outcome: OpenOutcome) => void;
  readonly #left = (): void => this.#giveUp({ kind: "abandoned" });
  readonly #timer: NodeJS.Timeout;

  constructor(call: RankCall, request: OpenRequest, sendSoon: () => void, resolve: (outcome: OpenOutcome) => void) {
    const { requestId, principal, rank, msMax, caller } = call;
    const payload = Buffer.from(JSON.stringify(rank));
    this.requestId = requestId;
    this.frame = partFrame(partHeadOf(principal), requestId, payload, `,"d":${msMax}`);
    this.#call = call;
    this.#request = request;
    this.#sendSoon = sendSoon;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.late(), msMax);
    caller.addEventListener("abort", this.#left);
  }

  answered(status: number, body: Buffer): void {
    this.#settle(readOutcome(status, body.toString("utf8")));
  }

  late(): void {
    this.#giveUp({ kind: "failure", failure: "late" });
  }

  lost(): void {
    this.#settle({ kind: "lost" });
  }

  #giveUp(outcome: Outcome): void {
    this.#request.giveUp(this);
    this.#sendSoon();
    this.#settle(outcome);
  }

  /** The first outcome counts; a promise takes no second. */
  #settle(outcome: OpenOutcome): void {
    clearTimeout(this.#timer);
    this.#call.caller.removeEventListener("abort", this.#left);
    this.#resolve(outcome);
  }
}
