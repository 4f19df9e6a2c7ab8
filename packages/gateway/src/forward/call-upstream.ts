import { EndcapError } from "@endcap/protocol";
import type { Dispatcher } from "undici";
import type { Upstream } from "./upstreams.ts";

export interface UpstreamCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** Made by us from an allow-list; nothing of the client's is copied. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  /** Answers above it are refused. */
  readonly answerBytesMax: number;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly body: Buffer;
}

export interface PendingCall {
  /** Rejects with EndcapError `upstream_unavailable`, `upstream_timeout` or `upstream_invalid`. */
  readonly answer: Promise<UpstreamAnswer>;
  /** The client is gone: stops the upstream's work as well. */
  cancel(): void;
}

const brokenConnection: ReadonlySet<string> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

/**
 * Whether a connection ended under a request. With no byte of an answer seen, one more attempt on a fresh one is safe:
 * every call of the edge is idempotent by its ids.
 */
export function isBrokenConnection(error: unknown): boolean {
  return brokenConnection.has(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** One request and its whole answer, over undici's dispatch: no streams, no promises but the last. */
export function callUpstream(upstream: Upstream, call: UpstreamCall): PendingCall {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamAnswer>();
  const handler = new WholeAnswer(upstream, call, resolve, reject);
  handler.dispatch();
  return { answer: promise, cancel: () => handler.cancel() };
}

class WholeAnswer implements Dispatcher.DispatchHandler {
  readonly #upstream: Upstream;
  readonly #call: UpstreamCall;
  readonly #resolve: (answer: UpstreamAnswer) => void;
  readonly #reject: (error: EndcapError) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #attempts = 0;
  #cancelled = false;
  #status = 0;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    upstream: Upstream,
    call: UpstreamCall,
    resolve: (answer: UpstreamAnswer) => void,
    reject: (error: EndcapError) => void,
  ) {
    this.#upstream = upstream;
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  dispatch(): void {
    this.#attempts += 1;
    const { method, path, headers, body } = this.#call;
    this.#upstream.pool.dispatch({ method, path, headers, body }, this);
  }

  cancel(): void {
    this.#cancelled = true;
    this.#controller?.abort(new Error("the client is gone"));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#cancelled) this.cancel();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#call.answerBytesMax) controller.abort(new Error("the answer is too large"));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#resolve({ status: this.#status, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const again = this.#status === 0 && this.#attempts === 1 && !this.#cancelled;
    if (again && isBrokenConnection(error)) this.dispatch();
    else this.#reject(upstreamFault(this.#upstream.id, error));
  }
}

/** What went wrong with an upstream, for the caller in one word, for the log in full. */
export function upstreamFault(upstreamId: string, error: unknown): EndcapError {
  const code = codeOf(error);
  const late = code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT";
  const internal = `upstream ${upstreamId}: ${error instanceof Error ? error.message : "unknown fault"}`;
  return new EndcapError(late ? "upstream_timeout" : "upstream_unavailable", { internal, cause: error });
}
