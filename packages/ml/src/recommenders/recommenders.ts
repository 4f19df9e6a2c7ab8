import { LRUCache } from "lru-cache";
import { Pool } from "undici";
import { Breaker, type BreakerOptions } from "./breaker.ts";
import { exchange, type RankCall } from "./exchange.ts";
import { OpenLists } from "./open-lists.ts";
import type { Outcome } from "./outcome.ts";
import { Room } from "./room.ts";

export interface RecommendersOptions {
  readonly connectionsMax: number;
  readonly breaker: BreakerOptions;
}

interface Recommender {
  readonly pool: Pool;
  readonly open: OpenLists;
  readonly breaker: Breaker;
  readonly room: Room;
}

const recommendersMax = 2_048;
/** 100 hydrated items of the largest size, and room for reasons. */
const answerBytesMax = 8 * 1024 * 1024;
/** Below the 72 s after which our services close an idle connection, so that we are always the first to let go. */
const keepAliveMs = 30_000;
/** A call that had less time than this says nothing about the recommender when it was late. */
const fairMs = 40;

/** Calls tenants' recommenders: a pool of connections, a breaker and a bound on what is under way for each. */
export class Recommenders {
  readonly #options: RecommendersOptions;
  readonly #byUrl: LRUCache<string, Recommender>;

  constructor(options: RecommendersOptions) {
    this.#options = options;
    this.#byUrl = new LRUCache({
      max: recommendersMax,
      // Calls under way on it are finished first.
      dispose({ pool, open }) {
        open.close();
        void pool.close();
      },
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
    const recommender = this.#recommender(call.url);
    const { breaker, room } = recommender;
    if (!breaker.enter()) return { kind: "failure", failure: "left_alone" };
    const place = room.enter();
    if (place === 0) {
      breaker.settled();
      return { kind: "failure", failure: "busy" };
    }
    const outcome = await ask(recommender, call, this.#options.breaker.now);
    switch (verdictOf(outcome, call.msMax)) {
      case "well":
        room.leaveInTime();
        breaker.succeeded();
        break;
      case "late":
        if (room.leaveLate(place)) breaker.failed();
        else breaker.settled();
        break;
      case "ill":
        room.leave();
        breaker.failed();
        break;
      case "unknown":
        room.leave();
        breaker.settled();
    }
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
      // The call's own deadline bounds every stage of it.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const { breaker, connectionsMax } = this.#options;
    const recommender = {
      pool,
      open: new OpenLists({ pool, url, answerBytesMax, now: breaker.now }),
      breaker: new Breaker(breaker),
      room: new Room(connectionsMax),
    };
    this.#byUrl.set(url, recommender);
    return recommender;
  }
}

/** On an open request if it may; what is lost there is asked once more, for whatever time is left, by itself. */
async function ask({ pool, open }: Recommender, call: RankCall, now: () => number): Promise<Outcome> {
  let { msMax } = call;
  if (open.ready) {
    const askedAt = now();
    const outcome = await open.ask(call);
    if (outcome.kind !== "lost") return outcome;
    msMax -= Math.ceil(now() - askedAt);
    if (msMax <= 0) return { kind: "failure", failure: "unreachable" };
  }
  const outcome = await exchange(pool, { ...call, msMax }, answerBytesMax);
  open.note(outcome.kind === "list");
  return outcome;
}

/** What the outcome of a call says about its recommender. */
function verdictOf(outcome: Outcome, msMax: number): "well" | "late" | "ill" | "unknown" {
  if (outcome.kind === "abandoned") return "unknown";
  // One that sleeps has somebody who answers for it, and who would not hear of the next request if it were left alone.
  if (outcome.kind !== "failure" || outcome.failure === "asleep") return "well";
  if (outcome.failure !== "late") return "ill";
  return msMax < fairMs ? "unknown" : "late";
}
