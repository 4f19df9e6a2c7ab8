/** 200,000 shoppers with a session each, opened beforehand as it is before a page asks anything, and what they send. */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { envelopeSigningPrefix } from "@endcap/protocol";
import { sessionMaker } from "../gateway/shops.ts";
import { seededRandom } from "../stack/small-shop.ts";
import type { LoadPlan } from "./plan.ts";

const types = ["view_item", "view_item", "view_item", "add_to_cart", "view_item_list"] as const;

interface Signer {
  readonly token: string;
  readonly origin: string;
  readonly key: KeyObject;
}

export interface Shoppers {
  /** One signed request as bytes of HTTP, from a shopper drawn by its tenant's share. */
  eventRequest(): string;
  recommendationRequest(): string;
}

export function createShoppers(plan: LoadPlan): Shoppers {
  const random = seededRandom(11);
  const makers = plan.tenants.map(({ id, origin, publishable, generation, sessionKey }) =>
    sessionMaker({ id, origin, publishable, generation, sessionKey: Buffer.from(sessionKey, "base64url") }),
  );
  const ends: number[] = [];
  for (const { share } of plan.tenants) ends.push((ends.at(-1) ?? 0) + share);
  const sessions = Array.from({ length: plan.shoppers }, (_, shopper): Signer => {
    const place = (shopper + 0.5) / plan.shoppers;
    const maker = makers[ends.findIndex((end) => place < end)] ?? makers.at(-1);
    if (maker === undefined) throw new Error("no tenant for the shopper");
    const { token, origin, signingKey } = maker(Date.now());
    return { token, origin, key: createSecretKey(signingKey) };
  });
  const idPrefix = randomBytes(3).toString("hex");
  let ids = 0;

  const session = () => sessions[Math.floor(random() * sessions.length)] as Signer;

  /** Version 7, each new. */
  function newId(now: number): string {
    ids += 1;
    const time = now.toString(16).padStart(12, "0");
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${idPrefix}${ids.toString(16).padStart(6, "0")}`;
  }

  const anyItem = () => plan.itemIds[Math.floor(random() ** 1.5 * plan.itemIds.length)] as string;

  function enveloped(path: string, { token, origin, key }: Signer, now: number, payload: string): string {
    const mac = createHmac("sha256", key).update(envelopeSigningPrefix("POST", path, now) + payload);
    const body = `EC1 ${token} ${now} ${mac.digest("base64url")}\n${payload}`;
    return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${plan.port}\r\norigin: ${origin}\r\ncontent-type: text/plain;charset=UTF-8\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  }

  return {
    eventRequest() {
      const now = Date.now();
      const at = new Date(now).toISOString();
      const events = Array.from({ length: plan.eventsPerRequest }, (_, n) => {
        const page = `"page":{"url":"https://shop.example/p/${ids}","title":"A product"}`;
        return `{"id":"${newId(now)}","type":"${types[n % types.length]}","at":"${at}","items":[{"id":"${anyItem()}"}],${page}}`;
      });
      return enveloped("/v1/events", session(), now, `{"batchId":"${newId(now)}","events":[${events.join(",")}]}`);
    },
    recommendationRequest: () =>
      enveloped("/v1/recommendations", session(), Date.now(), `{"placement":"home","limit":12}`),
  };
}
