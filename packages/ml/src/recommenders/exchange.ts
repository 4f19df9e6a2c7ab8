import { DEADLINE_HEADER, PRINCIPAL_HEADER, type Principal, type RankRequest } from "@endcap/protocol";
import { requestIdHeader } from "@endcap/service-kit";
import type { Dispatcher, Pool } from "undici";
import { type Outcome, readOutcome } from "./outcome.ts";

/** Milliseconds. More than this nobody waits for a list. */
export const listMsMax = 10_000;

export interface RankCall {
  /** The recommender's origin. */
  readonly url: string;
  readonly rank: RankRequest;
  /** The gateway's own token, principal and request id, handed on. */
  readonly authorization: string;
  readonly principal: Principal;
  readonly requestId: string;
  /** Time for the whole call. */
  readonly msMax: number;
  /** Aborts when the caller goes away. */
  readonly caller: AbortSignal;
}

/** Why a call ended early. Made once: an error's stack costs more than the rest of a call. */
const lateness = new Error("the deadline is over");
const departure = new Error("the caller went away");
const excess = new Error("the answer is too large");

/** One question to a recommender: its answer, or what became of it by the deadline, whichever is first. Never rejects. */
export function exchange(pool: Pool, call: RankCall, answerBytesMax: number): Promise<Outcome> {
  return new Promise((resolve) => new Exchange(pool, call, answerBytesMax, resolve));
}

/** Over undici's dispatch: its `request` makes a stream, an abort signal and several promises of each answer. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (outcome: Outcome) => void;
  readonly #caller: AbortSignal;
  readonly #left = (): void => this.#giveUp({ kind: "abandoned" }, departure);
  #timer: NodeJS.Timeout | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  /** Set once the call is settled before its answer. */
  #ended: Error | undefined;
  readonly #answerBytesMax: number;
  #status = 0;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(pool: Pool, call: RankCall, answerBytesMax: number, resolve: (outcome: Outcome) => void) {
    this.#answerBytesMax = answerBytesMax;
    this.#resolve = resolve;
    this.#caller = call.caller;
    if (call.caller.aborted) {
      resolve({ kind: "abandoned" });
      return;
    }
    call.caller.addEventListener("abort", this.#left);
    this.#timer = setTimeout(() => this.#giveUp({ kind: "failure", failure: "late" }, lateness), call.msMax);
    const headers = {
      authorization: call.authorization,
      [PRINCIPAL_HEADER]: Buffer.from(JSON.stringify(call.principal)).toString("base64url"),
      [requestIdHeader]: call.requestId,
      [DEADLINE_HEADER]: String(call.msMax),
      "content-type": "application/json",
    };
    pool.dispatch({ method: "POST", path: "/internal/v1/recommend", headers, body: JSON.stringify(call.rank) }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while it waited for a connection: the recommender never hears of it.
    if (this.#ended !== undefined) controller.abort(this.#ended);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > this.#answerBytesMax) this.#giveUp({ kind: "failure", failure: "garbled" }, excess);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#settle(readOutcome(this.#status, body.toString("utf8")));
  }

  onResponseError(): void {
    this.#settle({ kind: "failure", failure: "unreachable" });
  }

  #giveUp(outcome: Outcome, reason: Error): void {
    this.#ended = reason;
    this.#settle(outcome);
    this.#controller?.abort(reason);
  }

  /** The first outcome counts; a promise takes no second. */
  #settle(outcome: Outcome): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener("abort", this.#left);
    this.#resolve(outcome);
  }
}
