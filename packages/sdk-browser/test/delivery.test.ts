import { afterEach, beforeEach, expect, test } from "vitest";
import { client } from "./support/client.ts";
import { type Gateway, startGateway } from "./support/gateway.ts";
import { TestStorage } from "./support/storage.ts";

let gateway: Gateway;
beforeEach(async () => {
  gateway = await startGateway();
});
afterEach(async () => {
  expect(gateway.faults).toEqual([]);
  await gateway[Symbol.asyncDispose]();
});

const view = (id: string) => ["view_item", { items: [id] }] as const;
const events = () => gateway.requests.filter(({ path }) => path === "/v1/events");
const forms = () => gateway.requests.map(({ form }) => form);

test("the first batch leaves at once under a bootstrap, later ones are signed", async () => {
  const endcap = client(gateway.origin);
  endcap.track(...view("a"));
  await gateway.until(() => gateway.events.size === 1);
  await endcap.flush();
  endcap.track(...view("b"));
  await endcap.flush();
  expect(forms()).toEqual(["EP1", "EC1"]);
  expect(new Set([...gateway.events.values()].map(({ anonymousId }) => anonymousId)).size).toBe(1);
});

test("events of one moment travel together", async () => {
  const endcap = client(gateway.origin);
  for (let i = 0; i < 30; i++) endcap.track(...view(`i${i}`));
  await endcap.flush();
  expect(events()).toHaveLength(1);
  expect(gateway.events.size).toBe(30);
});

test("a batch whose answer is lost is sent again with the same bytes, also by the next page", async () => {
  const storage = new TestStorage();
  let lost = true;
  gateway.override = () => (lost ? "cut" : undefined);
  const first = client(gateway.origin, storage);
  first.track(...view("a"));
  await first.flush();
  expect(gateway.requests).toHaveLength(1);
  lost = false;
  // The next page, a minute later.
  const second = client(gateway.origin, storage, () => Date.now() + 60_000);
  await second.flush();
  expect(events()).toHaveLength(2);
  expect(events()[1]?.body).toBe(events()[0]?.body);
  expect(gateway.events.size).toBe(1);
  await second.flush();
  expect(events()).toHaveLength(2);
});

test("Retry-After holds for every tab and page", async () => {
  const storage = new TestStorage();
  let t = Date.now();
  gateway.override = () => ({ status: 429, body: { code: "rate_limited" }, headers: { "retry-after": "30" } });
  const endcap = client(gateway.origin, storage, () => t);
  endcap.track(...view("a"));
  await endcap.flush();
  gateway.override = () => undefined;
  await client(gateway.origin, storage, () => t).flush();
  t += 29_000;
  await endcap.flush();
  expect(gateway.requests).toHaveLength(1);
  t += 10_000;
  await endcap.flush();
  expect(gateway.events.size).toBe(1);
});

test("a session that ended falls back to a bootstrap, and the batch keeps its bytes", async () => {
  const storage = new TestStorage();
  const endcap = client(gateway.origin, storage);
  endcap.track(...view("a"));
  await endcap.flush();
  gateway.override = ({ form }) => (form === "EC1" ? { status: 401, body: { code: "session_revoked" } } : undefined);
  endcap.track(...view("b"));
  await endcap.flush();
  gateway.override = () => undefined;
  endcap.track(...view("c"));
  await endcap.flush();
  expect(forms()).toEqual(["EP1", "EC1", "EP1", "EC1"]);
  expect(gateway.requests[2]?.payload).toEqual(gateway.requests[1]?.payload);
  expect(gateway.events.size).toBe(3);
});

test("an expired session is not used again", async () => {
  let t = Date.now();
  const endcap = client(gateway.origin, new TestStorage(), () => t);
  endcap.track(...view("a"));
  await endcap.flush();
  t += gateway.sessionMs + 10_000;
  gateway.skewMs += gateway.sessionMs + 10_000;
  endcap.track(...view("b"));
  await endcap.flush();
  expect(forms()).toEqual(["EP1", "EP1"]);
});

test("without bootstrap envelopes a session is opened first", async () => {
  gateway.override = ({ form }) => (form === "EP1" ? { status: 401, body: { code: "bootstrap_disabled" } } : undefined);
  const endcap = client(gateway.origin);
  endcap.track(...view("a"));
  await endcap.flush();
  await endcap.recommend({ placement: "home" });
  expect(gateway.requests.map(({ form, path }) => `${form} ${path}`)).toEqual([
    "EP1 /v1/events",
    "none /v1/sessions",
    "EC1 /v1/events",
    "EC1 /v1/recommendations",
  ]);
  expect(gateway.events.size).toBe(1);
});

test.each([5 * 365 * 86_400_000, -5 * 365 * 86_400_000])(
  "a clock %i ms off mends itself and loses nothing",
  async (skewMs) => {
    gateway.skewMs = skewMs;
    const endcap = client(gateway.origin);
    endcap.track(...view("a"));
    await endcap.flush();
    endcap.track(...view("b"));
    await endcap.flush();
    const stored = [...gateway.events.values()];
    expect(stored).toHaveLength(2);
    for (const { at } of stored) expect(Math.abs(Date.parse(at) - Date.now() - skewMs)).toBeLessThan(60_000);
    expect(gateway.requests[1]?.payload.batchId).not.toBe(gateway.requests[0]?.payload.batchId);
  },
);

test("a refused batch goes, a refused key waits", async () => {
  const storage = new TestStorage();
  gateway.override = () => ({ status: 400, body: { code: "invalid_request" } });
  const endcap = client(gateway.origin, storage);
  endcap.track(...view("a"));
  await endcap.flush();
  gateway.override = () => ({ status: 403, body: { code: "origin_denied" } });
  endcap.track(...view("b"));
  await endcap.flush();
  gateway.override = () => undefined;
  await endcap.flush();
  expect(gateway.events.size).toBe(0);
  await client(gateway.origin, storage, () => Date.now() + 3_600_000).flush();
  expect([...gateway.events.values()].map(({ items }) => items?.[0]?.id)).toEqual(["b"]);
});

test("the kill switch makes the client quiet until its session ends", async () => {
  gateway.settings = { enabled: false };
  let t = Date.now();
  const endcap = client(gateway.origin, new TestStorage(), () => t);
  endcap.track(...view("a"));
  await endcap.flush();
  expect(endcap.track(...view("b"))).toBeUndefined();
  expect((await endcap.recommend({ placement: "home" })).items).toEqual([]);
  await endcap.flush();
  expect(gateway.requests).toHaveLength(1);
  t += gateway.sessionMs + 10_000;
  expect(endcap.track(...view("c"))).toBeDefined();
  await endcap.flush();
});

test("calls go to the tenant's own host once the gateway names one", async () => {
  await using own = await startGateway();
  const name = Object.getOwnPropertyDescriptor(gateway, "origin");
  const shared = gateway.origin;
  Object.defineProperty(gateway, "origin", { ...name, value: own.origin });
  const endcap = client(shared);
  endcap.track(...view("a"));
  await endcap.flush();
  endcap.track(...view("b"));
  await endcap.flush();
  expect(own.requests.map(({ form, path }) => `${form} ${path}`)).toContain("EC1 /v1/events");
});
