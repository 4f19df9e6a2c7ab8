/** Time and randomness, in one place, so that tests own both. */
import type { RandomBytes } from "@endcap/protocol/uuid";

/** Runs `run` after `delayMs`; the returned function cancels. A `background` timer does not keep the process alive. */
export type After = (delayMs: number, run: () => void, options?: { readonly background?: boolean }) => () => void;

export interface Clock {
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly after: After;
  readonly random: RandomBytes;
}

export const systemAfter: After = (delayMs, run, options) => {
  const timer: unknown = setTimeout(run, delayMs);
  // Node, Bun and Deno return an object; Workers and browsers a number.
  if (options?.background && typeof timer === "object" && timer !== null && "unref" in timer) {
    if (typeof timer.unref === "function") timer.unref();
  }
  return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
};

export const systemRandom: RandomBytes = (bytes) => crypto.getRandomValues(bytes);

/** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
  });
}
