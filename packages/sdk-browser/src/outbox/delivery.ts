/** Gets batches to the gateway: in order, by one tab at a time, gone from the store only when they are acknowledged. */
import type { Context } from "../core/context.ts";
import type { Sessions } from "../session/session.ts";
import type { Answer } from "../transport/post.ts";
import { EVENTS_PATH, type Outbox } from "./outbox.ts";

const TIMEOUT_MS = 15_000;
const BACKOFF_MS = 1000;
const BACKOFF_MS_MAX = 300_000;
/** When to look again for what other tabs may have left. */
const STRAYS_MS = 10_000;
/** Wrong key or origin: only the shop or the operator can mend that, so ask rarely. */
const REFUSED_MS = 600_000;
/** What browsers allow in bodies that outlive their page, less room for others. */
const KEEPALIVE_CHARS_MAX = 60_000;

/** An ended session, then a bootstrap that is not accepted. */
const REFRAMED_MAX = 2;

/** Besides 5xx. */
const RETRYABLE: readonly number[] = [0, 408, 425, 429];

export function createDelivery(
  context: Context,
  sessions: Sessions,
  outbox: Outbox,
  recover: (answer: Answer, body: string) => Promise<boolean>,
  locks: LockManager | undefined,
) {
  const { key, store, now, random, warn, post, loadSession } = context;
  const inFlight = new Map<string, number>();
  let failures = 0;
  let offline = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dueAt = 0;
  let draining: Promise<void> | undefined;

  /** Milliseconds to wait before the next attempt; all tabs share it. A wait that a moved clock made absurd is void. */
  function waitMs(): number {
    const left = (Number(store.get("wait")) || 0) - now();
    return left > 2 * REFUSED_MS ? 0 : Math.max(0, left);
  }

  function rest(retryAfterMs: number): void {
    const jitter = (random(new Uint8Array(1))[0] as number) / 256;
    const backoff = Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** failures++) * jitter;
    store.set("wait", `${now() + retryAfterMs + Math.max(BACKOFF_MS / 4, backoff)}`);
  }

  async function send(name: string, reframed = 0): Promise<void> {
    const body = outbox.bodyOf(name);
    if (!body || inFlight.has(name)) return;
    inFlight.set(name, body.length);
    let busy = 0;
    for (const chars of inFlight.values()) busy += chars;
    const answer = await post(sessions.addressOf(EVENTS_PATH), body, {
      keepalive: busy <= KEEPALIVE_CHARS_MAX,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    inFlight.delete(name);
    sessions.learn(answer, outbox.facts(name).anonymousId);

    const { status, retryAfterMs } = answer;
    const code = `${answer.body.code}`;
    offline = status === 0;
    if (status >= 500 || RETRYABLE.includes(status)) {
      warn("waits", status);
      return rest(retryAfterMs);
    }
    if (status < 300) {
      failures = 0;
      outbox.drop(name);
      const faults = answer.body.rejected as unknown[] | undefined;
      if (faults?.[0]) warn("rejected", JSON.stringify(faults));
    } else if (reframed < REFRAMED_MAX && (await recover(answer, body))) {
      // The session ended while the batch waited: it goes on under a newer one, or as the anonymous shopper's.
      outbox.reframe(name);
      return send(name, reframed + 1);
    } else if (status === 401 || status === 403) {
      warn("refused", code);
      rest(REFUSED_MS);
    } else if (!(code.startsWith("clock") && (await loadSession()).mend(sessions, outbox, name))) {
      warn("lost", code);
      outbox.drop(name);
    }
  }

  /** Freezes and sends, oldest first, until nothing is left or a wait begins: what is told meanwhile leaves as well. */
  async function sendAll(): Promise<void> {
    const strays = outbox.strays();
    if (strays[0] && !(await loadSession()).adopt(context, outbox, strays)) schedule(STRAYS_MS);
    for (;;) {
      outbox.freeze();
      const names = outbox.batches();
      if (!names[0]) return;
      const next = names.find((name) => !inFlight.has(name));
      if (!next || waitMs() > 0) return schedule(BACKOFF_MS);
      // To sign and to send is too much for one task of a slow phone. What is frozen is stored.
      await new Promise((resolve) => setTimeout(resolve));
      await send(next);
    }
  }

  async function drain(): Promise<void> {
    await sessions.ready();
    // A browser that forbids storage may have locks and refuse them.
    return (
      locks
        ?.request(`endcap:${key}`, { ifAvailable: true }, (lock) => (lock ? sendAll() : schedule(BACKOFF_MS)))
        .catch(sendAll) ?? sendAll()
    );
  }

  /** Freezes and delivers. One tab sends at a time; the others look again a moment later. */
  function flush(): Promise<void> {
    draining ??= drain().finally(() => {
      draining = undefined;
    });
    return draining;
  }

  /** Flushes after `delayMs`, or sooner when that was arranged already, but not before a wait is over. */
  function schedule(delayMs: number): void {
    const delay = Math.max(delayMs, waitMs());
    const due = now() + delay;
    if (timer && due >= dueAt) return;
    clearTimeout(timer);
    dueAt = due;
    const run = () => {
      timer = undefined;
      void flush();
    };
    timer = setTimeout(run, delay);
  }

  return {
    flush,
    schedule,

    /** The page may be gone in a moment: freezes and sends everything that fits, with no wait for a lock or an answer. */
    handOff(): void {
      outbox.freeze();
      if (waitMs() > 0) return;
      let room = KEEPALIVE_CHARS_MAX;
      for (const name of outbox.batches()) {
        room -= outbox.bodyOf(name).length;
        if (room >= 0) void send(name);
      }
    },

    /** Back from the back-forward cache, or online again: what was in flight is lost, what failed may work now. */
    resume(): void {
      inFlight.clear();
      // A wait that the server asked for holds.
      if (offline) store.remove("wait");
      failures = 0;
      void flush();
    },
  };
}
