/** One signed JSON call: attempts, deadline, retries. Every route of the wire is idempotent, so any call may be retried. */
import type { ProblemDetails } from "@endcap/protocol";
import { signRequest } from "@endcap/protocol/http-signature";
import { isRetryableStatus } from "@endcap/protocol/retryable";
import { type Clock, sleep } from "../clock.ts";
import { EndcapApiError, EndcapConnectionError, EndcapTimeoutError } from "../errors.ts";
import { guard, type Hooks, type RequestInfo } from "../hooks.ts";
import { backoffMs, parseRetryAfter } from "./backoff.ts";

export interface CallOptions {
  /** Cancels the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Deadline of the whole call, retries and waits included. */
  readonly timeoutMsMax?: number | undefined;
  /** One attempt; the deadline bounds it as well. */
  readonly attemptMsMax?: number | undefined;
  /** Attempts after the first. */
  readonly retries?: number | undefined;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Absolute path in canonical form, segments percent-encoded. */
  readonly path: string;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Default `application/json`. */
  readonly contentType?: string;
}

export interface TransportOptions {
  /** Origin without a trailing slash. */
  readonly origin: string;
  readonly keyId: string;
  readonly requestKey: Uint8Array;
  /** Set: send the secret itself instead of a signature. */
  readonly bearer: string | undefined;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly timeoutMsMax: number;
  readonly attemptMsMax: number;
  readonly retries: number;
  readonly hooks: Hooks;
}

/** The attempt ran out of its own time; retried while the deadline allows. */
const SLOW = Symbol("slow attempt");

export class Transport {
  readonly #options: TransportOptions;
  /** Server minus local clock; learnt when a signature was refused for its time. */
  #skewMs = 0;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Unix milliseconds by the server's clock, as far as we know it. */
  now(): number {
    return this.#options.clock.now() + this.#skewMs;
  }

  /**
   * Sends `call` and resolves with the answer's JSON. Rejects with EndcapApiError, EndcapConnectionError or
   * EndcapTimeoutError, or with the caller's abort reason.
   */
  async send<T>(call: Call, options: CallOptions = {}): Promise<T> {
    const { clock, hooks } = this.#options;
    const timeoutMsMax = options.timeoutMsMax ?? this.#options.timeoutMsMax;
    const retries = options.retries ?? this.#options.retries;
    const deadline = clock.now() + timeoutMsMax;
    for (let attempt = 0; ; attempt++) {
      const info: RequestInfo = { method: call.method, path: call.path, attempt: attempt + 1 };
      let failure: Error;
      try {
        const leftMs = deadline - clock.now();
        const attemptMsMax = options.attemptMsMax ?? this.#options.attemptMsMax;
        return (await this.#attempt(call, info, leftMs, attemptMsMax, options.signal)) as T;
      } catch (error) {
        if (!(error instanceof EndcapApiError || error instanceof EndcapConnectionError)) throw error;
        failure = error;
      }
      const refusal = failure instanceof EndcapApiError ? failure : undefined;
      if (attempt >= retries || refusal?.retryable === false) throw failure;
      const delayMs = backoffMs(attempt, refusal?.retryAfterMs, clock.random);
      // Waiting past the deadline helps nobody: the caller learns now what went wrong.
      if (clock.now() + delayMs >= deadline) {
        throw refusal ?? new EndcapTimeoutError(`no answer within ${timeoutMsMax} ms`, { cause: failure });
      }
      guard(() => hooks.onRetry?.({ ...info, delayMs, error: failure }));
      await sleep(clock, delayMs, options.signal);
    }
  }

  async #attempt(
    call: Call,
    info: RequestInfo,
    leftMs: number,
    attemptMsMax: number,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const { clock, hooks, origin } = this.#options;
    if (signal?.aborted) throw signal.reason;
    const url = origin + call.path;
    const headers = await this.#headers(call, url);
    guard(() => hooks.onRequest?.({ ...info, headers }));

    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const cancel = clock.after(Math.max(0, Math.min(leftMs, attemptMsMax)), () => controller.abort(SLOW));
    const started = clock.now();
    try {
      const response = await this.#options.fetch(url, {
        method: call.method,
        headers,
        signal: controller.signal,
        // A signature covers one address; a redirect would carry it to another.
        redirect: "manual",
        ...(call.body && { body: call.body }),
      });
      const text = await response.text();
      const requestId = response.headers.get("endcap-request-id") ?? undefined;
      const durationMs = clock.now() - started;
      guard(() => hooks.onResponse?.({ ...info, status: response.status, requestId, durationMs }));
      const body = parse(text);
      if (!response.ok) throw this.#refusal(response, body, requestId);
      if (body === undefined) throw new EndcapConnectionError(`the answer to ${info.method} ${info.path} is not JSON`);
      return body;
    } catch (error) {
      if (error instanceof EndcapApiError || error instanceof EndcapConnectionError) throw error;
      if (signal?.aborted) throw signal.reason;
      if (controller.signal.aborted) {
        const slow = `no answer within ${Math.min(leftMs, attemptMsMax)} ms`;
        if (leftMs <= attemptMsMax) throw new EndcapTimeoutError(slow);
        throw new EndcapConnectionError(slow);
      }
      throw new EndcapConnectionError(`${info.method} ${origin}${info.path} failed`, { cause: error });
    } finally {
      cancel();
      signal?.removeEventListener("abort", abort);
    }
  }

  async #headers(call: Call, url: string): Promise<Record<string, string>> {
    const { bearer, keyId, requestKey, clock } = this.#options;
    const contentType = call.contentType ?? "application/json";
    if (bearer !== undefined) {
      return { authorization: `Bearer ${bearer}`, ...(call.body && { "content-type": contentType }) };
    }
    return signRequest({
      method: call.method,
      url,
      keyId,
      requestKey,
      now: this.now(),
      random: clock.random,
      ...(call.body && { body: call.body, contentType, ...(await hashOf(call.body)) }),
    });
  }

  #refusal(response: Response, body: unknown, headerId: string | undefined): EndcapApiError {
    const { status, headers } = response;
    const problem: Partial<ProblemDetails> = isRecord(body) && typeof body.code === "string" ? body : {};
    const advice = headers.get("endcap-should-retry");
    return new EndcapApiError(problem, {
      status,
      requestId: headerId ?? problem.instance,
      retryAfterMs: parseRetryAfter(headers.get("retry-after"), this.#options.clock.now()),
      retryable: this.#learnTime(problem) || advice === "true" || (advice !== "false" && isRetryableStatus(status)),
    });
  }

  /** A host with a wrong clock signs by the server's from the next attempt on. True when that changes anything. */
  #learnTime(problem: Partial<ProblemDetails>): boolean {
    if (problem.code !== "signature_expired" || problem.serverTime === undefined) return false;
    const skewMs = Date.parse(problem.serverTime) - this.#options.clock.now();
    if (Number.isNaN(skewMs) || Math.abs(skewMs - this.#skewMs) < 1000) return false;
    this.#skewMs = skewMs;
    return true;
  }
}

/** Above this the platform's own SHA-256 is worth its detour: the portable one takes a second for some tens of megabytes. */
const PORTABLE_HASH_BYTES_MAX = 4096;

async function hashOf(body: Uint8Array<ArrayBuffer>): Promise<{ bodyHash?: Uint8Array }> {
  if (body.length <= PORTABLE_HASH_BYTES_MAX) return {};
  return { bodyHash: new Uint8Array(await crypto.subtle.digest("SHA-256", body)) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** A path segment. Dots alone cannot be one: every URL parser resolves them, also percent-encoded. */
export function segment(text: string): string {
  if (text === "" || text === "." || text === "..") throw new TypeError(`"${text}" cannot be addressed by a path`);
  return encodeURIComponent(text);
}

const encoder = new TextEncoder();

export function json(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(value));
}
