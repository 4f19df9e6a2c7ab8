import {
  EndcapError,
  type ErrorCode,
  type Event,
  type Item,
  problem,
  type RecommendationRequest,
  SCOPES,
  type Scope,
} from "@endcap/protocol";
import { newKeyId, newSecret } from "@endcap/protocol/ids";
import { uuidV7 } from "@endcap/protocol/uuid";
import { systemRandom } from "../clock.ts";
import { Endcap } from "../endcap.ts";
import type { EndcapOptions } from "../options.ts";
import { type FakeRequest, refusalOf } from "./authenticate.ts";
import { deleteItem, getItem, putItems } from "./catalogue.ts";
import { takeEvents } from "./events.ts";
import { completeImport, importState, putPart } from "./imports.ts";
import { recommend } from "./lists.ts";
import { FakeStore } from "./store.ts";
import { asRecord, readJson } from "./values.ts";

/** Every route of the wire that a secret key may call, and the scopes of which it needs one. */
const ROUTE_SCOPES: Readonly<Record<string, readonly Scope[]>> = {
  "POST events": ["events:write"],
  "PUT items": ["items:write"],
  "GET items/*": ["items:write"],
  "DELETE items/*": ["items:write"],
  "GET imports/*": ["events:write", "items:write"],
  "PUT imports/*/*/*": ["events:write", "items:write"],
  "POST imports/*/*": ["events:write", "items:write"],
  "POST recommendations": ["recommendations:read"],
  "POST recommenders/*": ["recommendations:read"],
  "DELETE shoppers/*/*": ["shopper:erase"],
  "GET shoppers/*/*": ["shopper:erase"],
};

export interface FakeOptions {
  /** The server's clock, in Unix milliseconds; default `Date.now`. */
  readonly now?: () => number;
  /** What the key may do; default everything but `shopper:erase`, as with a key that an operator issues. */
  readonly scopes?: readonly Scope[];
}

export interface FailOptions {
  /** How many requests fail; default 1. */
  readonly times?: number;
  /** Seconds of Retry-After; default 0, so that a test does not wait. */
  readonly retryAfterSeconds?: number;
}

/**
 * Endcap in this process, for tests of code that uses the SDK. The client is the real one, its requests are signed and
 * judged as the gateway and the collector judge them; only the network and the ranking are missing.
 *
 * ```ts
 * const fake = new FakeEndcap();
 * const endcap = fake.client();
 * fake.recommends("home", ["oak-table"]);
 * await checkout(endcap);
 * expect(fake.events.map(({ type }) => type)).toEqual(["purchase"]);
 * ```
 */
export class FakeEndcap {
  readonly endpoint = "https://fake.endcap.invalid";
  readonly key: string = newKeyId("secret", "test", systemRandom);
  readonly secret: string = newSecret(systemRandom);
  readonly #now: () => number;
  readonly #scopes: ReadonlySet<Scope>;
  readonly #store = new FakeStore();
  readonly #nonces = new Set<string>();
  readonly #lists = new Map<string, readonly string[]>();
  readonly #failures: { readonly code: ErrorCode | "offline"; readonly retryAfterSeconds: number }[] = [];
  #fallback = false;

  constructor({ now = Date.now, scopes = SCOPES.filter((scope) => scope !== "shopper:erase") }: FakeOptions = {}) {
    this.#now = now;
    this.#scopes = new Set(scopes);
  }

  /** A real client of this fake. */
  client(options: Partial<EndcapOptions> = {}): Endcap {
    const { endpoint, key, secret } = this;
    return new Endcap({ endpoint, key, secret, fetch: this.fetch, now: this.#now, ...options });
  }

  /** Events that were accepted, each id once, in the order they arrived. */
  get events(): readonly Event[] {
    return [...this.#store.events.values()];
  }

  /** The catalogue. */
  get items(): ReadonlyMap<string, Item> {
    return this.#store.items;
  }

  /** What a placement, or a strategy, answers from now on. Items that are unknown, hidden or sold out are left out. */
  recommends(placementOrStrategy: string, itemIds: readonly string[]): void {
    this.#lists.set(placementOrStrategy, itemIds);
  }

  /** From now on (or no more) every list is the fallback, as when a shop's recommender is down. */
  answersWithFallback(on = true): void {
    this.#fallback = on;
  }

  /** The next requests are refused with `code`, or get no answer at all. */
  failNext(code: ErrorCode | "offline", { times = 1, retryAfterSeconds = 0 }: FailOptions = {}): void {
    for (let i = 0; i < times; i++) this.#failures.push({ code, retryAfterSeconds });
  }

  /** Give it to a client that you make yourself. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const failure = this.#failures.shift();
    if (failure?.code === "offline") throw new TypeError("fetch failed");
    const requestId = uuidV7(this.#now(), systemRandom);
    try {
      if (failure) throw new EndcapError(failure.code);
      const { status, body } = await this.#answer(await readRequest(request));
      return Response.json(body, { status, headers: { "endcap-request-id": requestId } });
    } catch (error) {
      if (!(error instanceof EndcapError)) throw error;
      const { code, detail, errors } = error;
      const body = problem(code, {
        instance: requestId,
        ...(detail !== undefined && { detail }),
        ...(errors !== undefined && { errors }),
      });
      return Response.json(body, {
        status: body.status,
        headers: {
          "content-type": "application/problem+json",
          "endcap-request-id": requestId,
          ...((body.status === 429 || body.status === 503) && {
            "retry-after": String(failure?.retryAfterSeconds ?? 0),
          }),
        },
      });
    }
  };

  async #answer(request: FakeRequest): Promise<{ status: number; body: unknown }> {
    const now = this.#now();
    const [, resource = "", ...rest] = request.url.pathname.slice(1).split("/").map(decodeURIComponent);
    const route = `${request.method} ${[resource, ...rest.map(() => "*")].join("/")}`;
    const scopes = ROUTE_SCOPES[route];
    if (!scopes) throw new EndcapError("not_found");
    const refused = refusalOf(request, this, this.#nonces, now);
    if (refused) throw new EndcapError(refused);
    if (!scopes.some((scope) => this.#scopes.has(scope))) throw new EndcapError("scope_missing");
    const body = await this.#run(route, rest, request, now);
    return { status: route === "POST events" ? 202 : 200, body };
  }

  #run(route: string, [first = "", second, third]: readonly string[], { body }: FakeRequest, now: number): unknown {
    const store = this.#store;
    switch (route) {
      case "POST events":
        return takeEvents(store, body, now, systemRandom);
      case "PUT items":
        return putItems(store, readJson(body), now);
      case "GET items/*":
        return getItem(store, first);
      case "DELETE items/*":
        return deleteItem(store, first, now);
      case "GET imports/*":
        return importState(store, first);
      case "PUT imports/*/*/*":
        if (second !== "parts") throw new EndcapError("not_found");
        return putPart(store, first, Number(third), body, now);
      case "POST imports/*/*":
        if (second !== "complete") throw new EndcapError("not_found");
        return completeImport(store, first, readJson(body));
      case "POST recommendations":
        return this.#recommend(asRecord(readJson(body)), now);
      case "POST recommenders/*":
        return this.#recommend({ include: ["score"], ...asRecord(readJson(body)), strategy: first }, now);
      default:
        throw new EndcapError("erasure_unavailable");
    }
  }

  #recommend(request: RecommendationRequest, now: number) {
    return recommend(this.#store, request, { lists: this.#lists, fallback: this.#fallback }, now, systemRandom);
  }
}

async function readRequest(request: Request): Promise<FakeRequest> {
  const { method, headers } = request;
  return { method, url: new URL(request.url), headers, body: new Uint8Array(await request.arrayBuffer()) };
}
