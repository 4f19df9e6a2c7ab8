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

/**
 * One request and its whole answer, over undici's dispatch: no streams, no promises but the last.
 * @throws EndcapError `upstream_unavailable`, `upstream_timeout`
 */
export function callUpstream(upstream: Upstream, call: UpstreamCall): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => new WholeAnswer(upstream, call, resolve, reject).dispatch());
}

class WholeAnswer implements Dispatcher.DispatchHandler {
  readonly #upstream: Upstream;
  readonly #call: UpstreamCall;
  readonly #resolve: (answer: UpstreamAnswer) => void;
  readonly #reject: (error: EndcapError) => void;
  #attempts = 0;
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
    upstream.retries.called();
  }

  dispatch(): void {
    this.#attempts += 1;
    const { method, path, headers, body } = this.#call;
    this.#upstream.pool.dispatch({ method, path, headers, body }, this);
  }

  onRequestStart(): void {
    // Nobody ends it before its time.
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
    this.#upstream.breaker.succeeded();
    const [first] = this.#chunks;
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#bytes);
    this.#resolve({ status: this.#status, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const upstream = this.#upstream;
    if (this.#status === 0 && this.#attempts === 1 && mayRetry(upstream, error)) {
      this.dispatch();
      return;
    }
    upstream.breaker.failed();
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
