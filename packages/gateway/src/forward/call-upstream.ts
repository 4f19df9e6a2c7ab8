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
  /** The caller's own deadline, in milliseconds from now; absent: the pool's bound alone. */
  readonly msMax?: number | undefined;
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

const brokenConnection: ReadonlySet<string> = new Set(["UND_ERR_SOCKET", "ECONNRESET", "ECONNREFUSED", "EPIPE"]);

/**
 * Whether one more attempt may be made: the connection ended, or never was, with no byte of an answer seen, and the
 * upstream's budget allows it. It is safe because every call of the edge is idempotent by its ids.
 */
export function mayRetry({ breaker, retries }: Upstream, error: unknown): boolean {
  return brokenConnection.has(codeOf(error)) && !breaker.open && retries.take();
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
  #late: NodeJS.Timeout | undefined;

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
    upstream.retries.called();
    if (call.msMax !== undefined) this.#late = setTimeout(() => this.#giveUp(), call.msMax);
  }

  dispatch(): void {
    this.#attempts += 1;
    const { method, path, headers, body } = this.#call;
    this.#upstream.pool.dispatch({ method, path, headers, body }, this);
  }

  cancel(): void {
    this.#end(new Error("the client is gone"));
  }

  /** The caller's deadline says nothing about the upstream: its breaker is not told. */
  #giveUp(): void {
    this.#reject(new EndcapError("upstream_timeout", { internal: `upstream ${this.#upstream.id}: deadline passed` }));
    this.#end(new Error("the caller's deadline passed"));
  }

  #end(reason: Error): void {
    this.#cancelled = true;
    this.#controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#cancelled) controller.abort(new Error("the client is gone"));
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
    clearTimeout(this.#late);
    this.#upstream.breaker.succeeded();
    const [first] = this.#chunks;
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#resolve({ status: this.#status, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const upstream = this.#upstream;
    if (this.#status === 0 && this.#attempts === 1 && !this.#cancelled && mayRetry(upstream, error)) {
      this.dispatch();
      return;
    }
    if (!this.#cancelled) upstream.breaker.failed();
    clearTimeout(this.#late);
    this.#reject(upstreamFault(upstream.id, error));
  }
}

const lateCodes: ReadonlySet<string> = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

/** What went wrong with an upstream, for the caller in one word, for the log in full. */
export function upstreamFault(upstreamId: string, error: unknown): EndcapError {
  const code = codeOf(error);
  const late = lateCodes.has(code) || (error instanceof Error && error.name === "TimeoutError");
  const internal = `upstream ${upstreamId}: ${error instanceof Error ? error.message : "unknown fault"}`;
  return new EndcapError(late ? "upstream_timeout" : "upstream_unavailable", { internal, cause: error });
}
