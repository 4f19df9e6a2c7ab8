import { DEADLINE_HEADER } from "@endcap/protocol";
import type { FastifyRequest } from "fastify";
import { clientGone } from "./http/client-gone.ts";

export interface DeadlineOptions {
  /** Used when the caller names none. */
  readonly msDefault: number;
  /** The most a caller may ask for. */
  readonly msMax: number;
  readonly now?: () => number;
}

export interface Deadline {
  /** Aborts at the deadline (`TimeoutError`) and when the client goes away (`AbortError`). Made when first asked for. */
  readonly signal: AbortSignal;
  /** Never negative. */
  msLeft(): number;
  /** The header that hands the rest on to an upstream. */
  headers(): Record<string, string>;
}

const form = /^[0-9]{1,7}$/;

/** How long an answer to this request is worth having. Unreadable values of the header count as absent. */
export function deadlineOf(request: FastifyRequest, options: DeadlineOptions): Deadline {
  const field = request.headers[DEADLINE_HEADER];
  const asked = typeof field === "string" && form.test(field) ? Number(field) : undefined;
  return deadlineIn(asked, () => clientGone(request), options);
}

/**
 * The same for a part of a request.
 * @param asked milliseconds, when the caller named some
 * @param gone aborts when the caller goes away; asked for when somebody asks for the deadline's signal
 */
export function deadlineIn(asked: number | undefined, gone: () => AbortSignal, options: DeadlineOptions): Deadline {
  const now = options.now ?? Date.now;
  const at = now() + Math.min(asked ?? options.msDefault, options.msMax);
  const msLeft = () => Math.max(0, at - now());
  let signal: AbortSignal | undefined;
  return {
    get signal() {
      signal ??= AbortSignal.any([gone(), AbortSignal.timeout(msLeft())]);
      return signal;
    },
    msLeft,
    headers: () => ({ [DEADLINE_HEADER]: String(msLeft()) }),
  };
}
