/** What a tracer or a logger can watch. A hook that throws is a fault of the hook: the request goes on. */
import type { Event } from "@endcap/protocol";

export interface RequestInfo {
  readonly method: string;
  readonly path: string;
  /** Counts from 1. */
  readonly attempt: number;
}

export interface Hooks {
  /** Before each attempt. `headers` may be added to, e.g. with `traceparent`; they are not signed. */
  onRequest?(info: RequestInfo & { readonly headers: Record<string, string> }): void;
  onResponse?(
    info: RequestInfo & {
      readonly status: number;
      readonly requestId: string | undefined;
      readonly durationMs: number;
    },
  ): void;
  onRetry?(info: RequestInfo & { readonly delayMs: number; readonly error: Error }): void;
  /** Tracked events that will not be counted: the queue was full, or the collector refused them. */
  onDrop?(drop: { readonly events: readonly Pick<Event, "id" | "type">[]; readonly reason: DropReason }): void;
  /** Delivery in the background failed; its events stay queued. */
  onError?(error: unknown): void;
}

/** `queue_full`, `closed`, or the error code of the collector. */
export type DropReason = "queue_full" | "closed" | (string & {});

/** Calls a hook; its own failure must not fail the request. */
export function guard(call: () => void): void {
  try {
    call();
  } catch (error) {
    console.error("endcap: a hook threw", error);
  }
}
