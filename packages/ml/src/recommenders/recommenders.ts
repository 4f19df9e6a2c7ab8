import { DEADLINE_HEADER, PRINCIPAL_HEADER, type RankRequest } from "@endcap/protocol";
import { requestIdHeader } from "@endcap/service-kit";
import { LRUCache } from "lru-cache";
import { Pool } from "undici";
import { Breaker, type BreakerOptions } from "./breaker.ts";
import { type Outcome, readOutcome } from "./outcome.ts";

export interface RecommendersOptions {
  readonly connectionsMax: number;
  readonly breaker: BreakerOptions;
}

export interface RankCall {
  /** The recommender's origin. */
  readonly url: string;
  readonly rank: RankRequest;
  /** The gateway's own token, principal and request id, handed on. */
  readonly authorization: string;
  readonly principal: string;
  readonly requestId: string;
  /** Time for the whole call. */
  readonly msMax: number;
  /** Aborts when the caller goes away. */
  readonly caller: AbortSignal;
}

/** Why a call ended early. Made once: an error's stack costs more than the rest of a call. */
const lateness = new Error("the deadline is over");
const departure = new Error("the caller went away");

interface Recommender {
  readonly pool: Pool;
  readonly breaker: Breaker;
}

const recommendersMax = 2_048;
/** 100 hydrated items of the largest size, and room for reasons. */
const answerBytesMax = 8 * 1024 * 1024;
/** Below the 72 s after which our services close an idle connection, so that we are always the first to let go. */
const keepAliveMs = 30_000;
/** A call that had less time than this says nothing about the recommender when it was late. */
const fairMs = 40;

/** Calls tenants' recommenders: a pool of connections and a breaker for each. */
export class Recommenders {
  readonly #options: RecommendersOptions;
  readonly #byUrl: LRUCache<string, Recommender>;

  constructor(options: RecommendersOptions) {
    this.#options = options;
    this.#byUrl = new LRUCache({
      max: recommendersMax,
      // Calls under way on it are finished first.
      dispose: ({ pool }) => void pool.close(),
    });
  }

  /** Recommenders that are left alone at the moment. */
  get leftAlone(): number {
    return [...this.#byUrl.values()].filter(({ breaker }) => breaker.open).length;
  }

  /** Lets go of every recommender that is no longer there. */
  keepOnly(urls: ReadonlySet<string>): void {
    for (const url of [...this.#byUrl.keys()]) if (!urls.has(url)) this.#byUrl.delete(url);
  }

  async call(call: RankCall): Promise<Outcome> {
    const { pool, breaker } = this.#recommender(call.url);
    if (!breaker.enter()) return { kind: "failure", failure: "left_alone" };
    const outcome = await exchange(pool, call);
    // One that sleeps has somebody who answers for it, and who would not hear of the next request if it were left alone.
    const answered = outcome.kind === "failure" ? outcome.failure === "asleep" : outcome.kind !== "abandoned";
    if (answered) breaker.succeeded();
    else if (outcome.kind !== "failure" || (outcome.failure === "late" && call.msMax < fairMs)) breaker.settled();
    else breaker.failed();
    return outcome;
  }

  async close(): Promise<void> {
    const pools = [...this.#byUrl.values()].map(({ pool }) => pool);
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  #recommender(url: string): Recommender {
    const known = this.#byUrl.get(url);
    if (known) return known;
    const pool = new Pool(url, {
      connections: this.#options.connectionsMax,
      connect: { timeout: 1_000 },
      keepAliveTimeout: keepAliveMs,
      maxResponseSize: answerBytesMax,
      // The call's own signal bounds every stage of it.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const recommender = { pool, breaker: new Breaker(this.#options.breaker) };
    this.#byUrl.set(url, recommender);
    return recommender;
  }
}

async function exchange(pool: Pool, call: RankCall): Promise<Outcome> {
  const ending = new AbortController();
  const late = (): void => ending.abort(lateness);
  const left = (): void => ending.abort(departure);
  // Cleared when the answer is there: `AbortSignal.timeout` would run on, and make an error for each answered call.
  const timer = setTimeout(late, call.msMax);
  call.caller.addEventListener("abort", left);
  if (call.caller.aborted) left();
  try {
    const { statusCode, body } = await pool.request({
      method: "POST",
      path: "/internal/v1/recommend",
      headers: {
        authorization: call.authorization,
        [PRINCIPAL_HEADER]: call.principal,
        [requestIdHeader]: call.requestId,
        [DEADLINE_HEADER]: String(call.msMax),
        "content-type": "application/json",
      },
      body: JSON.stringify(call.rank),
      signal: ending.signal,
    });
    return readOutcome(statusCode, await body.text());
  } catch {
    if (ending.signal.reason === departure) return { kind: "abandoned" };
    return { kind: "failure", failure: ending.signal.reason === lateness ? "late" : "unreachable" };
  } finally {
    clearTimeout(timer);
    call.caller.removeEventListener("abort", left);
  }
}
