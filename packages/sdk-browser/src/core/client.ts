/** One client: what the page calls. Nothing here throws to the page, and nothing waits for a session. */
import type { EventType, RecommendationAnswer, RecommendationRequest } from "@endcap/protocol";
import { type EventData, type NeedsData, toEvent } from "@endcap/protocol/event-data";
import { uuidV7 } from "@endcap/protocol/uuid";
import { createDelivery } from "../outbox/delivery.ts";
import { createOutbox } from "../outbox/outbox.ts";
import { createStore } from "../outbox/store.ts";
import { createIdentity } from "../session/identity.ts";
import { createSessions } from "../session/session.ts";
import { type Answer, post } from "../transport/post.ts";
import { attribute } from "./attribution.ts";
import type { Context } from "./context.ts";
import { listenToPage } from "./page.ts";

const RECOMMENDATIONS_PATH = "/v1/recommendations";
const RECOMMEND_MS_MAX = 3000;
const RECENT_MAX = 20;
const FLUSH_MS = 1000;

export interface Options {
  /** Publishable key, `pk_live_…` or `pk_test_…`. */
  readonly key: string;
  /** Origin of the gateway, or of the shop's own proxy to it. */
  readonly endpoint: string;
  /** One clear line in the console for what goes wrong. */
  readonly debug?: boolean | undefined;
}

/** What `recommend()` asks. The shopper is the one the gateway proves. */
export type RecommendRequest = Omit<RecommendationRequest, "shopper" | "context"> & {
  /** Deadline; default 3 s. */
  readonly timeoutMsMax?: number;
};

/** The gateway's answer. When none came in time it has no items and no `recommendationId`. */
export type Recommendations = Pick<RecommendationAnswer, "items" | "fallback"> & Partial<RecommendationAnswer>;

export interface Endcap {
  /** Queues an event, named as GA4 names it; it leaves within a second, a purchase at once. Returns its id. */
  track<T extends EventType>(
    type: T,
    ...data: NeedsData<T> extends true ? [data: EventData<T>] : [data?: EventData<T>]
  ): string | undefined;
  /** Items for a placement or strategy. Knows what was tracked a moment ago. Never rejects. */
  recommend(request: RecommendRequest): Promise<Recommendations>;
  /** Signs the shopper in with a token that the shop's backend made. */
  identify(userToken: string): Promise<void>;
  /** Signs the shopper out: what follows is somebody else's history. */
  signOut(): void;
  /** Sends what is queued; resolves when it is acknowledged, or has to wait. */
  flush(): Promise<void>;
  /** Forgets everything, unsent events included. */
  reset(): void;
}

/** The parts of a browser that a client stands on; a test gives its own. */
export interface Platform {
  readonly storage: Storage | undefined;
  readonly locks: LockManager | undefined;
  readonly now: () => number;
  readonly random: Context["random"];
}

export function createClient(options: Options, platform: Platform): Endcap {
  const { key, endpoint } = options;
  const warn = (...what: unknown[]) => {
    if (options.debug) console.warn("endcap:", ...what);
  };
  const store = createStore(key, platform.storage);
  const context: Context = { key, endpoint, store, now: platform.now, random: platform.random, warn };
  const sessions = createSessions(context);
  const outbox = createOutbox(context, sessions);
  const identity = createIdentity(context, sessions, outbox.freeze);
  const delivery = createDelivery(context, sessions, outbox, identity.recover, platform.locks);

  /** The tenant's kill switch; asked again when the session that carried it has ended. */
  const isOff = (): boolean => sessions.current()?.settings.enabled === false;

  /** A fault of ours must not become the page's. */
  function contain<A extends unknown[], R>(run: (...args: A) => R): (...args: A) => R | undefined {
    return (...args) => {
      try {
        return run(...args);
      } catch (error) {
        warn(error);
        return undefined;
      }
    };
  }

  async function ask({ timeoutMsMax, ...request }: RecommendRequest): Promise<Answer> {
    // What the gateway has not acknowledged travels with the request, so that no race loses the last click.
    const recent = outbox.pending().slice(-RECENT_MAX);
    const payload = JSON.stringify({
      ...request,
      context: { recent: recent.map(({ context, page, ...event }) => event) },
    });
    const asked = sessions.anonymousId();
    for (let attempt = 0; ; attempt++) {
      const body = sessions.frame(RECOMMENDATIONS_PATH, payload);
      const url = sessions.url(RECOMMENDATIONS_PATH);
      const answer = await post(url, body, { timeoutMs: timeoutMsMax ?? RECOMMEND_MS_MAX });
      sessions.learn(answer, asked);
      if (attempt > 1 || !(await identity.recover(answer, body))) return answer;
    }
  }

  if (outbox.batches().length > 0) delivery.schedule(0);
  listenToPage(delivery.handOff, delivery.resume);

  return {
    track: contain((type, ...[data]) => {
      if (isOff()) return undefined;
      const now = sessions.serverNow();
      const event = attribute(store, toEvent(type, data ?? {}, uuidV7(now, platform.random), now));
      outbox.add(event);
      identity.renew();
      // The first events bring the session; a purchase must not wait for the next page.
      if (type === "purchase") void delivery.flush();
      else delivery.schedule(sessions.current() ? FLUSH_MS : 0);
      return event.id;
    }),

    async recommend(request) {
      try {
        if (!isOff()) {
          const { status, body } = await ask(request);
          if (status === 200) return body as unknown as RecommendationAnswer;
          warn(`no recommendations: ${body.code ?? status}`);
        }
      } catch (error) {
        warn(error);
      }
      return { items: [], fallback: "empty" };
    },

    identify: (userToken) => identity.identify(userToken).catch(warn),
    signOut: contain(() => {
      identity.signOut();
      void delivery.flush();
    }),
    flush: () => delivery.flush().catch(warn),
    reset: contain(() => {
      outbox.freeze();
      for (const name of store.names("")) store.remove(name);
    }),
  };
}
