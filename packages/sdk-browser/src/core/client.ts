/** One client: what the page calls. Nothing here throws to the page, and nothing waits for a session. */
import type { EventType, RecommendationAnswer, RecommendationRequest } from "@endcap/protocol";
import { type EventBase, type EventData, ITEM_OBSERVED, type NeedsData, toEvent } from "@endcap/protocol/event-data";
import { createDelivery } from "../outbox/delivery.ts";
import { createOutbox } from "../outbox/outbox.ts";
import { createStore } from "../outbox/store.ts";
import type { RecommendationsChunk } from "../recommendations/chunk.ts";
import type { SessionChunk } from "../session/chunk.ts";
import type { Identity } from "../session/identity.ts";
import { createSessions } from "../session/session.ts";
import { createReader, watchDataLayer } from "../sources/data-layer.ts";
import { createFacts, type Source } from "../sources/facts.ts";
import { productOnPage } from "../sources/json-ld.ts";
import { watchPageViews } from "../sources/page-views.ts";
import { type Answer, post } from "../transport/post.ts";
import { attribute } from "./attribution.ts";
import { createConsent } from "./consent.ts";
import type { Context } from "./context.ts";
import { listenToPage } from "./page.ts";
import { uuidV7 } from "./uuid.ts";

/** Tells slots to ask anew. */
export const SHOPPER_EVENT = "endcap:user";

const FLUSH_MS = 1000;
/** Calls and events that wait in memory, for consent or for the page's next task. */
const HELD_MAX = 1000;

export interface Options {
  /** Publishable key, `pk_live_…` or `pk_test_…`. */
  readonly key: string;
  /** Origin of the gateway, or address of the shop's own proxy to it. */
  readonly endpoint: string;
  /** One clear line in the console for what goes wrong. */
  readonly debug?: boolean | string | undefined;
  /** `required`: nothing is read, stored or sent before `consent(true)` or Google's `analytics_storage: granted`. */
  readonly consent?: string | undefined;
  /** Browser signals that count as a refusal: `gpc`, `dnt` or both. */
  readonly respect?: string | undefined;
  /** Name of the shop's GA4 data layer; empty for none. Default `dataLayer`. */
  readonly dataLayer?: string | undefined;
}

/** What `recommend()` asks. The shopper is the one the gateway proves. */
export type RecommendRequest = Omit<RecommendationRequest, "shopper" | "context"> & {
  /** Deadline; default 3 s. */
  readonly timeoutMsMax?: number;
};

/** The gateway's answer. When none came in time it has no items and no `recommendationId`. */
export type Recommendations = Pick<RecommendationAnswer, "items" | "fallback"> & Partial<RecommendationAnswer>;

export interface Endcap {
  /**
   * Queues an event, named as GA4 names it; it leaves within a second, a purchase and a click on a list at once. Returns its
   * id.
   */
  track<T extends EventType>(
    type: T,
    ...data: NeedsData<T> extends true ? [data: EventData<T>] : [data?: EventData<T>]
  ): string | undefined;
  /** Items for a placement or strategy. Knows what was tracked a moment ago. Never rejects. */
  recommend(request: RecommendRequest): Promise<Recommendations>;
  /** Signs the shopper in with a token that the shop's backend made; an empty one says that nobody is signed in. */
  identify(userToken: string): Promise<void>;
  /** Signs the shopper out: what follows is somebody else's history. */
  signOut(): void;
  /** What the visitor answered. `false` forgets everything. */
  consent(given: boolean): void;
  /** Sends what is queued; resolves when it is acknowledged, or has to wait. */
  flush(): Promise<void>;
  /** Forgets everything, unsent events included. */
  reset(): void;
}

/** The parts of a browser that a client stands on; a test gives its own. */
export interface Platform {
  /** Asked at each use, none of which comes before consent. */
  readonly storage: () => Storage | undefined;
  readonly locks: LockManager | undefined;
  readonly now: () => number;
  readonly random: Context["random"];
}

/** As the page writes it before the script is there: `endcap.q.push(["track", "view_item", {…}])`. */
export type Call = { [Name in keyof Endcap]: [name: Name, ...args: Parameters<Endcap[Name]>] }[keyof Endcap];

export interface Client extends Endcap {
  /** Makes calls in order; one that is none costs a line. */
  push(...calls: Call[]): void;
  /** Runs once it may: now, after consent, or never. What can wait until the next task may wait for that too. */
  whenAllowed(run: () => void, later?: unknown): void;
}

/** What is loaded when it is first needed. */
export interface Chunks {
  session(): Promise<SessionChunk>;
  recommendations(): Promise<RecommendationsChunk>;
}

export function createClient(options: Options, platform: Platform, chunks: Chunks): Client {
  const { key, endpoint } = options;
  let lastLine = "";
  const warn = (...what: unknown[]) => {
    const line = what.join(" ");
    // What goes wrong on each look at a page is said once.
    if ((options.debug ?? false) !== false && line !== lastLine) console.warn("endcap:", line);
    lastLine = line;
  };
  const { now, random } = platform;
  const store = createStore(key, platform.storage, warn);
  const context: Context = { key, endpoint, store, now, random, warn, post, loadSession: chunks.session };
  const sessions = createSessions(context);
  const outbox = createOutbox(context, sessions);
  const delivery = createDelivery(context, sessions, outbox, recover, platform.locks);
  const facts = createFacts(store);
  const held: (() => void)[] = [];
  let begun = false;
  let lookAtAddress: (() => void) | undefined;
  let identity: Identity | undefined;
  let signingIn: Promise<void> | undefined;

  /** Somebody else is here, or is known by name now: lists that stand on the page are not theirs. */
  function meet(): void {
    if (globalThis.document) dispatchEvent(new Event(SHOPPER_EVENT));
  }

  /** What was tracked before belongs to who was there before. */
  function leave(): void {
    outbox.freeze();
    sessions.forget();
    meet();
  }

  async function loadIdentity(): Promise<Identity> {
    const { createIdentity } = await chunks.session();
    identity ??= createIdentity(context, sessions, leave, meet);
    return identity;
  }

  /** Whether to ask again after `answer`, under another envelope than that of `body`. */
  async function recover({ status, body: { code } }: Answer, body: string): Promise<boolean> {
    return status === 401 && (await loadIdentity()).recover(code, body);
  }

  /** A fault of ours must not become the page's. */
  function contain<A extends unknown[], R>(run: (...args: A) => R): (...args: A) => R | undefined {
    return (...args) => {
      try {
        return run(...args);
      } catch (error) {
        return void warn(error);
      }
    };
  }

  function forget(): void {
    held.splice(0);
    outbox.freeze();
    for (const name of store.names("")) store.remove(name);
  }

  const consent = createConsent(options, () => {
    begin();
    if (consent.given() === false) forget();
  });

  /** Whether anything may be stored and sent; from the first time on it is. */
  function begin(): boolean {
    if (!consent.given()) return false;
    if (!begun) {
      begun = true;
      void sessions.ready();
      if (outbox.batches()[0]) delivery.schedule(0);
    }
    for (const run of held.splice(0)) contain(run)();
    return true;
  }

  const whenAllowed = contain((run: () => void, later?: unknown): void => {
    if ((begun || !later) && begin()) run();
    else if (consent.given() !== false && held.length < HELD_MAX) held.push(run);
  });

  /** The tenant's kill switch, or its wish for consent; asked again when the session that carried them has ended. */
  function isOn(): boolean {
    if (!consent.given()) return false;
    const settings = sessions.current()?.settings;
    if (settings?.consent === "required") consent.ask();
    return settings?.enabled !== false && !!consent.given();
  }

  function record(type: EventType, data: EventBase, source: Source): string | undefined {
    let id: string | undefined;
    const at = now();
    lookAtAddress?.();
    whenAllowed(() => {
      if (!isOn()) return;
      const mendedAt = at + sessions.skewMs();
      id = facts.tell(type, data, source, uuidV7(mendedAt, random));
      if (!id) return;
      outbox.enqueue(attribute(store, toEvent(type, data, id, mendedAt)));
      identity?.renew();
      // The first events bring the session; a purchase must not wait for the next page, nor a click, which leaves this one.
      // What the page says by the way leaves room for what it says on purpose.
      if (/^(purchase|recommendation_click)$/.test(type)) void delivery.flush();
      else delivery.schedule(source || sessions.current() ? FLUSH_MS : 0);
    }, source);
    return id;
  }

  const product = () => productOnPage(warn);

  const lookAtPage = contain(() => {
    const found = product();
    if (!found) return;
    const { stock, ...data } = found;
    record("view_item", data, "JSON-LD");
    if (isOn() && sessions.current()?.settings.observeCatalogue) {
      record(ITEM_OBSERVED, { ...data, context: { availability: stock } }, "JSON-LD");
    }
  });

  const livePage = contain(() => {
    lookAtAddress = watchPageViews(facts.forget, lookAtPage);
    listenToPage(
      () => {
        if (!begin()) return;
        lookAtPage();
        delivery.handOff();
      },
      () => begin() && delivery.resume(),
    );
    // What the page said by the way is stored by a task of its own: together with the script it would hold up a slow phone.
    setTimeout(contain(begin));
    // Last: a page may have frozen its data layer.
    const name = options.dataLayer ?? "dataLayer";
    if (name)
      watchDataLayer(name, contain(createReader((type, data) => record(type, data, "dataLayer"), consent.hear)));
  });
  // A worker or a server's render has no document.
  if (globalThis.document) livePage();
  else begin();

  const make = contain(([name, ...args]: Call): void => {
    const call: unknown = client[name];
    if (typeof call === "function") call(...args);
    else warn("no call", name);
  });

  const client: Client = {
    whenAllowed,
    push: (...calls) => calls.forEach(make),
    track: (type, ...[data]) => record(type, data ?? {}, ""),

    async recommend(request) {
      try {
        if (isOn()) {
          const { recommend } = await chunks.recommendations();
          return await recommend(
            {
              context,
              sessions,
              outbox,
              recover,
              signingIn: () => signingIn,
              itemInView: () => facts.itemInView() ?? product()?.items[0]?.id,
            },
            request,
          );
        }
      } catch (error) {
        warn(error);
      }
      return { items: [], fallback: "empty" };
    },

    async identify(userToken) {
      whenAllowed(() => {
        const asked = sessions.anonymousId();
        // The page says that nobody is signed in: who was, has left.
        if (!userToken) return void (store.get("user") && leave());
        signingIn = loadIdentity()
          .then((loaded) => loaded.identify(userToken, asked))
          .catch(warn);
      });
      await signingIn;
    },
    signOut: () =>
      whenAllowed(() => {
        leave();
        void delivery.flush();
      }),
    consent: contain(consent.say),
    async flush() {
      if (consent.given()) await delivery.flush().catch(warn);
    },
    reset: contain(forget),
  };
  return client;
}
