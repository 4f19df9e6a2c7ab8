/** What must hold of the whole system. Each check throws an AssertionError that says what did not. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ENVELOPE_CONTENT_TYPE,
  type EventsAnswer,
  type ProblemDetails,
  type RecommendationAnswer,
} from "@endcap/protocol";
import { init } from "@endcap/sdk-browser";
import { itemId } from "../stack/small-shop.ts";
import type { Stack } from "../stack/stack.ts";
import { type Browser, batch, type Shop, send, view } from "./shop.ts";

const home = { placement: "home", limit: 12, include: ["item", "reason"] };

const attemptsMax = 20;

/** The list without what differs between any two answers: its id and its time. */
const listOf = ({ items }: RecommendationAnswer): string => JSON.stringify(items);

/** A list of the recommender's own: on a busy machine the first calls of a process can miss the deadline of 150 ms. */
async function homeOf(browser: Browser): Promise<RecommendationAnswer> {
  for (let attempt = 1; ; attempt++) {
    const { status, body } = await browser.recommend(home);
    assert.equal(status, 200, `home answered ${status}: ${JSON.stringify(body)}`);
    if (body.fallback === undefined) return body;
    assert.ok(attempt < attemptsMax, "home was answered from the fallback list again and again");
  }
}

/** Three views change the next list of that shopper, and of nobody else. Resolves to the milliseconds from acknowledgement to a list that knows. */
export async function viewsChangeTheNextList(shop: Shop): Promise<number> {
  const shopper = shop.browser();
  const other = shop.browser();
  const before = await homeOf(shopper);
  await other.events(batch(view(itemId(4, 1))));
  const othersBefore = listOf(await homeOf(other));
  assert.ok(shopper.session, "the bootstrap answer opened no session");

  const viewed = [itemId(0, 0), itemId(0, 1), itemId(0, 2)];
  for (const id of viewed) {
    const { status, body } = await shopper.events(batch(view(id)));
    assert.deepEqual([status, body.accepted], [202, 1], `an event was not accepted: ${JSON.stringify(body)}`);
  }
  const acknowledged = performance.now();
  const after = await homeOf(shopper);
  const freshAfterMs = performance.now() - acknowledged;

  assert.notEqual(listOf(after), listOf(before), "three views changed nothing");
  const speaking = after.items.filter(
    ({ id, reason }) => !viewed.includes(id) && viewed.includes(reason?.because?.itemId ?? ""),
  );
  assert.ok(speaking.length > 0, `no new item names one of the views as its reason: ${listOf(after)}`);
  assert.equal(listOf(await homeOf(other)), othersBefore, "another shopper's list changed");
  return freshAfterMs;
}

/** The browser SDK itself, on Node's fetch with the Origin that a page would have: bootstrap first, signed from then on. */
export async function browserSdkDelivers(shop: Shop): Promise<void> {
  const envelopes: string[] = [];
  const plainFetch = globalThis.fetch;
  globalThis.fetch = (input, init = {}) => {
    envelopes.push(String(init.body).slice(0, 3));
    return plainFetch(input, { ...init, headers: { "content-type": ENVELOPE_CONTENT_TYPE, origin: shop.origin } });
  };
  try {
    const sdk = init({ key: shop.keys.publishable, endpoint: shop.gateway });
    const viewed = [itemId(3, 0), itemId(3, 1), itemId(3, 2)];
    for (const id of viewed) {
      sdk.track("view_item", { items: [{ id }] });
      await sdk.flush();
    }
    let { items, fallback } = await sdk.recommend({ placement: "home", include: ["reason"] });
    for (let attempt = 1; fallback !== undefined && attempt < attemptsMax; attempt++) {
      ({ items, fallback } = await sdk.recommend({ placement: "home", include: ["reason"] }));
    }
    assert.ok(
      items.some(({ reason }) => viewed.includes(reason?.because?.itemId ?? "")),
      `no reason names what the SDK tracked: ${JSON.stringify(items)}`,
    );
    assert.deepEqual([envelopes[0], new Set(envelopes.slice(1))], ["EP1", new Set(["EC1"])]);
  } finally {
    globalThis.fetch = plainFetch;
  }
}

/** The keys of one tenant reach nothing of another. */
export async function tenantsAreApart(a: Shop, b: Shop): Promise<void> {
  const item = itemId(0, 0);
  assert.equal((await a.call("GET", `/v1/items/${item}`)).status, 200);
  const foreign = await b.call<ProblemDetails>("GET", `/v1/items/${item}`);
  assert.deepEqual([foreign.status, foreign.body.code], [404, "item_not_found"], "B reads A's item");

  const rank = () =>
    b.call<RecommendationAnswer>("POST", "/v1/recommenders/for_you", { shopper: { userId: "shopper-1" }, limit: 50 });
  let ranked = await rank();
  // B is seconds old: a gateway may not have heard of its recommender yet, and says 503 until it has.
  for (let waits = 0; ranked.status === 503 && waits < 50; waits++) {
    await sleep(100);
    ranked = await rank();
  }
  assert.equal(ranked.status, 200);
  assert.ok(
    ranked.body.items.every(({ id }) => id.startsWith("b-")),
    "B is recommended A's items",
  );

  const mixed = await send<ProblemDetails>(`${a.gateway}/v1/items/${item}`, {
    headers: { authorization: `Bearer ${a.keys.secretKey}.${b.keys.secret}` },
  });
  assert.equal(mixed.status, 401, "A's key works with B's secret");

  const page = await b.browser(a.origin).events(batch(view(item)));
  assert.deepEqual(
    [page.status, (page.body as unknown as ProblemDetails).code],
    [403, "origin_denied"],
    "B's key works on A's page",
  );
}

/** Nobody gets past the gateway. */
export async function upstreamsAnswerTheGatewayOnly(stack: Stack, shop: Shop): Promise<void> {
  const recommender = (await stack.processes()).find(
    ({ kind, tenantId }) => kind === "recommender" && tenantId === shop.keys.id,
  );
  assert.ok(recommender?.url, "the tenant has no recommender");
  const doors = [
    `${stack.ready.collectorUrl}/internal/v1/event-batches`,
    `${stack.ready.collectorUrl}/v1/items`,
    `${stack.ready.mlUrl}/v1/recommendations`,
    `${recommender.url}/v1/recommenders/for_you`,
    `${recommender.url}/internal/v1/recommend`,
  ];
  const principal = Buffer.from(
    JSON.stringify({
      tenant: shop.keys.id,
      env: "live",
      tier: "standard",
      scope: [],
      auth: "sk",
      key: shop.keys.secretKey,
    }),
  ).toString("base64url");
  for (const url of doors) {
    const method = url.endsWith("/v1/items") ? "PUT" : "POST";
    const type = url.endsWith("event-batches") ? "application/vnd.endcap.batch+ndjson" : "application/json";
    const answer = await send<ProblemDetails>(url, {
      method,
      headers: { "content-type": type, "endcap-principal": principal },
      body: "{}",
    });
    assert.deepEqual(
      [answer.status, answer.body.code],
      [401, "internal_token_invalid"],
      `${new URL(url).pathname} answered a stranger`,
    );
  }
}

/** One altered byte anywhere, and the request is refused. */
export async function alteredRequestsAreRefused(shop: Shop): Promise<void> {
  const payload = { items: [itemId(0, 0)], limit: 3 };
  const good = shop.signed("POST", "/v1/recommenders/related_items", payload);
  const body = new TextEncoder().encode(JSON.stringify({ ...payload, limit: 4 }));
  const altered = await send<ProblemDetails>(good.url, { ...good.init, body });
  assert.deepEqual([altered.status, altered.body.code], [401, "digest_mismatch"]);
  const moved = await send<ProblemDetails>(good.url.replace("related_items", "bought_together"), good.init);
  assert.deepEqual([moved.status, moved.body.code], [401, "signature_invalid"]);
  assert.equal((await send(good.url, good.init)).status, 200);
  const replayed = await send<ProblemDetails>(good.url, good.init);
  assert.deepEqual([replayed.status, replayed.body.code], [401, "nonce_replayed"]);

  const browser = shop.browser();
  await browser.events(batch(view(itemId(1, 1))));
  const signed = browser.body("/v1/events", JSON.stringify(batch(view(itemId(1, 2)))));
  const page = await browser.post<ProblemDetails & { session?: never }>(
    "/v1/events",
    signed.replace(itemId(1, 2), itemId(1, 3)),
  );
  assert.deepEqual([page.status, page.body.code], [401, "signature_invalid"]);
}

/** A batch sent again changes nothing; the same id with other bytes is refused. */
export async function batchesCountOnce(shop: Shop): Promise<void> {
  const shopper = shop.browser();
  const frozen = batch(view(itemId(2, 1)), view(itemId(2, 2)));
  const first = await shopper.events(frozen);
  assert.deepEqual([first.status, first.body.accepted, first.body.duplicates], [202, 2, 0]);
  const before = listOf(await homeOf(shopper));
  const again = await shopper.events(frozen);
  assert.deepEqual(
    [again.status, again.body.accepted, again.body.duplicates],
    [202, 0, 2],
    "a re-sent batch was not recognized",
  );
  assert.equal(listOf(await homeOf(shopper)), before, "a re-sent batch changed the list");
  const changed = await shopper.events({ ...frozen, events: [view(itemId(3, 3))] });
  assert.deepEqual([changed.status, (changed.body as unknown as ProblemDetails).code], [409, "batch_changed"]);
}

/** The same event in two batches is one event, in the answer and in training. Resolves to the number of distinct events it sent. */
export async function eventsCountOnce(shop: Shop): Promise<number> {
  const event = { ...view(itemId(2, 3)), shopper: { userId: "once" } };
  for (const payload of [batch(event), batch(event)]) {
    const { status, body } = await shop.call<EventsAnswer>("POST", "/v1/events", payload);
    assert.equal(status, 202, JSON.stringify(body));
  }
  const { body } = await shop.call<RecommendationAnswer>("POST", "/v1/recommenders/recently_viewed", {
    shopper: { userId: "once" },
  });
  assert.deepEqual(
    body.items.map(({ id }) => id),
    [itemId(2, 3)],
  );
  return 1;
}
