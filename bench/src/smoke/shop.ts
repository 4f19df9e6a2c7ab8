/** One tenant of the smoke run, spoken to as its shop would: the server SDK, raw signed requests, and browser envelopes. */
import {
  base64urlDecode,
  bootstrapBody,
  decodeSecret,
  deriveKeys,
  ENVELOPE_CONTENT_TYPE,
  type Event,
  type EventBatch,
  type EventsAnswer,
  newAnonymousId,
  type RecommendationAnswer,
  type Session,
  signedBody,
  signRequest,
  uuidV7,
} from "@endcap/protocol";
import { Endcap } from "@endcap/sdk-node";
import type { TenantKeys } from "../stack/stack.ts";

export const random = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => crypto.getRandomValues(bytes);

export interface Answer<T = unknown> {
  readonly status: number;
  readonly body: T;
}

export async function send<T>(url: string, init: RequestInit): Promise<Answer<T>> {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as T };
}

export function view(id: string): Event {
  return { id: uuidV7(Date.now(), random), type: "view_item", at: new Date().toISOString(), items: [{ id }] };
}

export function batch(...events: Event[]): EventBatch {
  return { batchId: uuidV7(Date.now(), random), events };
}

export class Shop {
  readonly keys: TenantKeys;
  readonly gateway: string;
  readonly origin: string;
  readonly server: Endcap;
  readonly #requestKey: Uint8Array;

  constructor(keys: TenantKeys, gateway: string, origin: string) {
    this.keys = keys;
    this.gateway = gateway;
    this.origin = origin;
    this.server = new Endcap({ endpoint: gateway, key: keys.secretKey, secret: keys.secret });
    const secret = decodeSecret(keys.secret);
    if (secret === null) throw new Error("the secret is not 32 bytes of base64url");
    this.#requestKey = deriveKeys(keys.secretKey, secret).request;
  }

  /** Header fields and body of a signed request, for those that tamper with it. */
  signed(
    method: string,
    path: string,
    payload: unknown,
  ): { url: string; init: RequestInit & { headers: Record<string, string> } } {
    const url = this.gateway + path;
    const body = payload === undefined ? undefined : new TextEncoder().encode(JSON.stringify(payload));
    const headers = signRequest({
      method,
      url,
      keyId: this.keys.secretKey,
      requestKey: this.#requestKey,
      now: Date.now(),
      random,
      ...(body && { body }),
    });
    return { url, init: { method, headers, ...(body && { body }) } };
  }

  async call<T>(method: string, path: string, payload?: unknown): Promise<Answer<T>> {
    const { url, init } = this.signed(method, path, payload);
    return send<T>(url, init);
  }

  /** A shopper in a browser of this shop: bootstrap first, signed from the first answer on. */
  browser(origin = this.origin): Browser {
    return new Browser(this.gateway, this.keys.publishable, origin);
  }
}

/** What the tag sends, byte by byte, without a page. */
export class Browser {
  readonly anonymousId = newAnonymousId(random);
  readonly #gateway: string;
  readonly #key: string;
  readonly #origin: string;
  session: Session | undefined;

  constructor(gateway: string, key: string, origin: string) {
    this.#gateway = gateway;
    this.#key = key;
    this.#origin = origin;
  }

  body(path: string, payload: string): string {
    if (this.session === undefined) return bootstrapBody(this.#key, this.anonymousId, payload);
    const key = base64urlDecode(this.session.signingKey);
    if (key === null) throw new Error("the signing key is not base64url");
    return signedBody(this.session.token, key, "POST", path, Date.now(), payload);
  }

  /** Sends exactly `text`. */
  async post<T extends { session?: Session }>(path: string, text: string): Promise<Answer<T>> {
    const answer = await send<T>(this.#gateway + path, {
      method: "POST",
      headers: { "content-type": ENVELOPE_CONTENT_TYPE, origin: this.#origin },
      body: text,
    });
    this.session = answer.body?.session ?? this.session;
    return answer;
  }

  events(payload: EventBatch): Promise<Answer<EventsAnswer>> {
    return this.post("/v1/events", this.body("/v1/events", JSON.stringify(payload)));
  }

  recommend(request: Record<string, unknown>): Promise<Answer<RecommendationAnswer>> {
    return this.post("/v1/recommendations", this.body("/v1/recommendations", JSON.stringify(request)));
  }
}
