/**
 * What the SDK throws. Every class is branded under a registered symbol, so that `instanceof` holds even when two copies
 * of this package are installed side by side (a bundle and a dependency, ESM and a test runner's cache).
 */
import type { ErrorCode, ProblemDetails } from "@endcap/protocol";

const BRANDS = Symbol.for("@endcap/sdk-node error");

function branded(value: unknown, brand: string): boolean {
  if (typeof value !== "object" || value === null || !(BRANDS in value)) return false;
  const brands = value[BRANDS];
  return Array.isArray(brands) && brands.includes(brand);
}

/** `this` is the class that `instanceof` names. A subclass that a caller derives has no brand of its own and keeps the ordinary rule. */
function hasBrand(this: { readonly brand: string }, value: unknown): boolean {
  return Object.hasOwn(this, "brand")
    ? branded(value, this.brand)
    : Function.prototype[Symbol.hasInstance].call(this as typeof EndcapError, value);
}

/** Any error of this SDK. Programmer faults are TypeErrors; a caller's own abort rejects with the signal's reason. */
export class EndcapError extends Error {
  static readonly brand: string = "EndcapError";
  readonly [BRANDS]: readonly string[];

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    const brands: string[] = [];
    for (let at: unknown = new.target; typeof at === "function"; at = Object.getPrototypeOf(at)) {
      if (Object.hasOwn(at, "brand") && "brand" in at) brands.push(String(at.brand));
    }
    this[BRANDS] = brands;
  }

  static override readonly [Symbol.hasInstance] = hasBrand;
}

/** A code of the catalogue; an older SDK may meet a newer code. */
export type ApiErrorCode = ErrorCode | (string & {});

/** The gateway answered, and refused. */
export class EndcapApiError extends EndcapError {
  static override readonly brand = "EndcapApiError";
  /** Stable code to switch on, e.g. `rate_limited`; `http_<status>` when the answer was not one of ours. */
  readonly code: ApiErrorCode;
  readonly status: number;
  /** Names this request in the operator's logs. */
  readonly requestId: string | undefined;
  /** Where the request is at fault: JSON pointers and codes. */
  readonly errors: readonly { readonly pointer: string; readonly code: string }[];
  /** Milliseconds the server asked to wait. */
  readonly retryAfterMs: number | undefined;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;

  constructor(problem: Partial<ProblemDetails>, facts: ApiErrorFacts) {
    const code = problem.code ?? `http_${facts.status}`;
    const what = problem.detail ?? problem.title ?? "the request was refused";
    super(`${code} (${facts.status}): ${what}${facts.requestId ? ` [request ${facts.requestId}]` : ""}`);
    this.code = code;
    this.status = facts.status;
    this.requestId = facts.requestId;
    this.errors = problem.errors ?? [];
    this.retryAfterMs = facts.retryAfterMs;
    this.retryable = facts.retryable;
  }
}

interface ApiErrorFacts {
  readonly status: number;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly retryable: boolean;
}

/** No usable answer came: the connection failed, or what came was not JSON. `cause` says which. */
export class EndcapConnectionError extends EndcapError {
  static override readonly brand = "EndcapConnectionError";
}

/** The deadline passed, retries included. `cause` is the last attempt's error, when one had failed before. */
export class EndcapTimeoutError extends EndcapError {
  static override readonly brand = "EndcapTimeoutError";
}
