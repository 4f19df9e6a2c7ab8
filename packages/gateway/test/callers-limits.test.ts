import { readFileSync } from "node:fs";
import { join } from "node:path";
import { newSecret, RATE_LIMIT_DRAFT } from "@endcap/protocol";
import { expect, it } from "vitest";
import { createAddressLimiter } from "../src/limits/address-limiter.ts";
import { enveloped, openSession, type Reply, send, signed, startEdge } from "./support/edge.ts";
import { holdAnswer } from "./support/hold-answer.ts";
import { newShop } from "./support/tenants.ts";

const shop = newShop();
const edge = await startEdge([shop], {
  ENDCAP_GATEWAY_REFUSALS_PER_SECOND: "1",
  ENDCAP_GATEWAY_REFUSALS_BURST: "3",
  ENDCAP_GATEWAY_SESSION_REQUESTS_PER_SECOND: "1",
  ENDCAP_GATEWAY_SESSION_BURST: "4",
  ENDCAP_GATEWAY_BROWSER_REQUESTS_PER_SECOND: "1",
  ENDCAP_GATEWAY_BROWSER_BURST: "6",
  ENDCAP_GATEWAY_USAGE_FLUSH_MS: "20",
});
const path = "/v1/events";
const events = edge.url + path;
edge.collector.answer = () => ({ status: 202, body: { accepted: 0 } });

/** What was answered before the first 429, and that. The clock runs on meanwhile: a slow machine earns one more. */
async function untilRefused(post: () => Promise<Reply>): Promise<{ before: number[]; refused: Reply }> {
  const before: number[] = [];
  for (;;) {
    const reply = await post();
    if (reply.status === 429) return { before, refused: reply };
    before.push(reply.status);
    if (before.length > 50) throw new Error("never refused");
  }
}

const limitOf = ({ headers }: Reply) =>
  ["retry-after", "ratelimit-policy", "ratelimit"].map((name) => headers.get(name));

it("an address that fails to prove itself hears why a few times, then 429; who proves itself there is served", async () => {
  const guess = () => {
    const authorization = `Bearer ${shop.sk.id}.${newSecret((bytes) => crypto.getRandomValues(bytes))}`;
    return send(events, { method: "POST", headers: { authorization, "content-type": "application/json" }, body: "{}" });
  };
  const { before, refused } = await untilRefused(guess);
  expect(before.slice(0, 3)).toEqual([401, 401, 401]);
  expect(refused.body.code).toBe("rate_limited");
  expect(limitOf(refused)).toEqual(["1", '"address";q=3;w=3', '"address";r=0;t=1']);
  // A page of a stranger's origin counts there as well.
  const strange = () =>
    send(`${edge.url}/v1/sessions`, {
      method: "POST",
      headers: { origin: "https://other.example", "content-type": "text/plain" },
      body: JSON.stringify({ key: shop.pk }),
    });
  expect((await untilRefused(strange)).before.length).toBeLessThan(3);
  expect((await send(events, signed(events, "POST", shop.sk, { body: {} }))).status).toBe(202);
  edge.clock.offsetMs += 1_100;
  expect((await guess()).status).toBe(401);
});

it("a session has a rate of its own, and an address one for all its sessions", async () => {
  const [one, two] = [await openSession(edge, shop), await openSession(edge, shop)];
  const post = (session: typeof one) => () =>
    send(events, enveloped(shop.origin, path, session, { events: [] }, Date.now() + edge.clock.offsetMs));
  const first = await untilRefused(post(one));
  expect(first.before.slice(0, 4)).toEqual([202, 202, 202, 202]);
  const { refused } = first;
  expect([refused.body.code, refused.body.detail]).toEqual(["rate_limited", "Too many requests of this session."]);
  expect(limitOf(refused)).toEqual(["1", '"session";q=4;w=4', '"session";r=0;t=1']);
  expect(refused.headers.get("access-control-allow-origin")).toBe(shop.origin);
  const second = await untilRefused(post(two));
  expect(second.before.length).toBeLessThan(4);
  expect(second.refused.body.detail).toBe("Too many requests from this address.");
  expect(limitOf(second.refused)).toEqual(["1", '"address";q=6;w=6', '"address";r=0;t=1']);
  edge.clock.offsetMs += 1_100;
  expect((await post(one)()).status).toBe(202);
});

it("remembers no more addresses than it may", async () => {
  const limiter = createAddressLimiter({ requestsPerSecond: 1, burst: 1 }, 1_000);
  const statuses: number[] = [];
  const take = (ip: string) => {
    try {
      limiter.take({ request: { ip, answerFields: [] } }, 0);
      statuses.push(202);
    } catch {
      statuses.push(429);
    }
  };
  take("2001:db8::1");
  take("2001:db8::2");
  for (let n = 0; n < 1_000; n++) take(`10.0.${n >> 8}.${n & 255}`);
  take("2001:db8::1");
  expect(statuses.slice(0, 2)).toEqual([202, 429]);
  expect(statuses.at(-1)).toBe(202);
});

it("the usage of a request whose client left is counted, as 499", async () => {
  const { arrived } = holdAnswer(edge.collector, { status: 202, body: { accepted: 0 } });
  const leaving = new AbortController();
  const init = signed(events, "POST", shop.sk, { body: { events: [] } });
  const left = fetch(events, { ...init, signal: leaving.signal }).catch((error: Error) => error.name);
  await arrived;
  leaving.abort();
  expect(await left).toBe("AbortError");
  const gone = () =>
    edge.control.usage.reports.flatMap(({ records }) => records).filter(({ status }) => status === 499);
  await expect.poll(() => gone().length, { timeout: 10_000 }).toBe(1);
  expect(gone()[0]).toMatchObject({ tenant: shop.tenant.id, route: "POST /v1/events", requests: 1 });
});

it("the page about the gateway names the draft that the fields follow", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/gateway.md"), "utf8");
  expect(page.match(/draft-ietf-httpapi-ratelimit-headers-\d+/g)).toEqual([RATE_LIMIT_DRAFT]);
});
