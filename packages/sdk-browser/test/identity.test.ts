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
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const tokenOf = (userId: string) => `${part({ alg: "HS256" })}.${part({ sub: userId })}.c2ln`;
const shopperOf = (item: string) =>
  [...gateway.events.values()].find(({ items }) => items?.[0]?.id === item)?.anonymousId;
const opened = () => gateway.requests.filter(({ path }) => path === "/v1/sessions");

test("signing in opens a session under the anonymous one, so that the histories join", async () => {
  const endcap = client(gateway.origin);
  endcap.track(...view("before"));
  await endcap.flush();
  await endcap.identify(tokenOf("ü-1"));
  endcap.track(...view("after"));
  await endcap.flush();
  expect(opened()[0]).toMatchObject({ form: "EC1", payload: { userToken: tokenOf("ü-1") } });
  expect(gateway.requests.at(-1)).toMatchObject({ form: "EC1", userId: "ü-1" });
  expect(shopperOf("after")).toBe(shopperOf("before"));
});

test("a history whose session has ended joins all the same", async () => {
  let t = Date.now();
  const storage = new TestStorage();
  const visit = client(gateway.origin, storage, () => t);
  visit.track(...view("last week"));
  await visit.flush();
  t += 7 * 86_400_000;
  gateway.skewMs += 7 * 86_400_000;
  await client(gateway.origin, storage, () => t).identify(tokenOf("u-1"));
  expect(opened().map(({ form, payload }) => `${form} ${payload.userToken !== undefined}`)).toEqual([
    "none false",
    "EC1 true",
  ]);
  expect(opened()[1]?.anonymousId).toBe(shopperOf("last week"));
});

test("a page that renders its token on every visit signs in once", async () => {
  const storage = new TestStorage();
  for (let page = 0; page < 3; page++) await client(gateway.origin, storage).identify(tokenOf("u-1"));
  expect(opened().filter(({ payload }) => payload.userToken !== undefined)).toHaveLength(1);
});

test("an anonymous session of the same browser does not pass for the signed-in one", async () => {
  let t = Date.now();
  const storage = new TestStorage();
  await client(gateway.origin, storage, () => t).identify(tokenOf("u-1"));
  t += gateway.sessionMs + 10_000;
  gateway.skewMs += gateway.sessionMs + 10_000;
  // A page without a token: its events bootstrap an anonymous session.
  const anonymous = client(gateway.origin, storage, () => t);
  anonymous.track(...view("a"));
  await anonymous.flush();
  const endcap = client(gateway.origin, storage, () => t);
  await endcap.identify(tokenOf("u-1"));
  endcap.track(...view("b"));
  await endcap.flush();
  expect(gateway.requests.at(-1)).toMatchObject({ path: "/v1/events", userId: "u-1" });
});

test("signing out while signing in stays signed out", async () => {
  const endcap = client(gateway.origin);
  const signingIn = endcap.identify(tokenOf("u-1"));
  endcap.signOut();
  await signingIn;
  endcap.track(...view("a"));
  await endcap.flush();
  endcap.track(...view("b"));
  await endcap.flush();
  expect(gateway.requests.filter(({ path }) => path === "/v1/events").map(({ userId }) => userId)).toEqual([
    undefined,
    undefined,
  ]);
});

test("a signed-in session that has ended is opened again with the page's token", async () => {
  let t = Date.now();
  const endcap = client(gateway.origin, new TestStorage(), () => t);
  await endcap.identify(tokenOf("u-1"));
  t += gateway.sessionMs + 10_000;
  gateway.skewMs += gateway.sessionMs + 10_000;
  endcap.track(...view("a"));
  const before = opened().length;
  await gateway.until(() => opened().length > before);
  await endcap.flush();
  endcap.track(...view("b"));
  await endcap.flush();
  expect(gateway.requests.at(-1)).toMatchObject({ path: "/v1/events", userId: "u-1" });
});

test("signing out separates: what came before keeps its shopper, what follows has a new one", async () => {
  const endcap = client(gateway.origin);
  await endcap.identify(tokenOf("u-1"));
  endcap.track(...view("mine"));
  endcap.signOut();
  endcap.track(...view("other"));
  await endcap.flush();
  const mine = gateway.requests.find(({ payload }) => JSON.stringify(payload).includes('"mine"'));
  expect(mine?.userId).toBe("u-1");
  expect(shopperOf("other")).toBeDefined();
  expect(shopperOf("other")).not.toBe(shopperOf("mine"));
  expect(gateway.requests.find(({ payload }) => JSON.stringify(payload).includes('"other"'))?.userId).toBeUndefined();
});

test("another account in the same browser never shares an anonymous id", async () => {
  const storage = new TestStorage();
  const endcap = client(gateway.origin, storage);
  await endcap.identify(tokenOf("u-1"));
  endcap.track(...view("a"));
  await endcap.flush();
  const before = opened().length;
  await endcap.identify(tokenOf("u-2"));
  endcap.track(...view("b"));
  await endcap.flush();
  expect(shopperOf("a")).not.toBe(shopperOf("b"));
  const [first] = opened();
  const [second, ...more] = opened().slice(before);
  expect(first?.payload.anonymousId).not.toBe(second?.payload.anonymousId);
  // Not under the first one's signature, and with no history of its own to join.
  expect(second?.form).toBe("none");
  expect(more).toEqual([]);
});

test("signing out in one tab ends the session of the others", async () => {
  const storage = new TestStorage();
  const one = client(gateway.origin, storage);
  const two = client(gateway.origin, storage);
  await one.identify(tokenOf("u-1"));
  two.track(...view("two-before"));
  one.signOut();
  two.track(...view("two-after"));
  await two.flush();
  await one.flush();
  expect(shopperOf("two-before")).not.toBe(shopperOf("two-after"));
  const after = gateway.requests.find(({ payload }) => JSON.stringify(payload).includes("two-after"));
  expect(after?.userId).toBeUndefined();
});

test("an answer that comes after sign-out does not bring the old session back", async () => {
  const endcap = client(gateway.origin);
  endcap.track(...view("a"));
  const flushed = endcap.flush();
  endcap.signOut();
  await flushed;
  endcap.track(...view("b"));
  await endcap.flush();
  expect(gateway.requests.map(({ form }) => form)).toEqual(["EP1", "EP1"]);
  expect(shopperOf("a")).not.toBe(shopperOf("b"));
});

test("an empty token signs out who was signed in, and nobody else", async () => {
  const storage = new TestStorage();
  const endcap = client(gateway.origin, storage);
  endcap.track(...view("guest"));
  await endcap.identify("");
  endcap.track(...view("still"));
  await endcap.flush();
  expect(shopperOf("still")).toBe(shopperOf("guest"));
  await endcap.identify(tokenOf("u-1"));
  const next = client(gateway.origin, storage);
  await next.identify("");
  next.track(...view("after"));
  await next.flush();
  expect(shopperOf("after")).not.toBe(shopperOf("guest"));
});

test("recommendations asked for while signing in are the signed-in shopper's", async () => {
  const endcap = client(gateway.origin);
  endcap.track(...view("a"));
  await endcap.flush();
  void endcap.identify(tokenOf("u-1"));
  await endcap.recommend({ placement: "home" });
  expect(gateway.requests.at(-1)).toMatchObject({ path: "/v1/recommendations", form: "EC1", userId: "u-1" });
});

test("a token that is none does nothing", async () => {
  const endcap = client(gateway.origin);
  await endcap.identify("not a token");
  expect(opened()).toHaveLength(0);
});

test("reset forgets everything", async () => {
  const storage = new TestStorage();
  const endcap = client(gateway.origin, storage);
  endcap.track(...view("a"));
  await endcap.flush();
  endcap.track(...view("b"));
  endcap.reset();
  expect(storage.length).toBe(0);
  await endcap.flush();
  expect(shopperOf("b")).toBeUndefined();
});

test("an item chosen from a list keeps the list on its way to the cart and the till", async () => {
  const storage = new TestStorage();
  const recommendationId = "01900000-0000-7000-8000-000000000001";
  const endcap = client(gateway.origin, storage);
  endcap.track("recommendation_click", { recommendationId, items: ["a"], position: 2 });
  const next = client(gateway.origin, storage);
  next.track("add_to_cart", { items: ["a"] });
  next.track("add_to_cart", { items: ["b"] });
  next.track("purchase", { transactionId: "t", items: ["b", "a"] });
  await endcap.flush();
  await next.flush();
  const credited = [...gateway.events.values()].map(({ type, recommendationId: by }) => `${type} ${by !== undefined}`);
  expect(credited.sort()).toEqual([
    "add_to_cart false",
    "add_to_cart true",
    "purchase true",
    "recommendation_click true",
  ]);
});
