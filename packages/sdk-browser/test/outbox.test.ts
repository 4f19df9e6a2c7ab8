import fc from "fast-check";
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

/** A dead gateway: whatever is tracked stays. */
const NOWHERE = "http://127.0.0.1:9";
const view = (id: string) => ["view_item", { items: [id] }] as const;
const ids = () => [...gateway.events.values()].map(({ items }) => items?.[0]?.id).sort();
const later = (ms: number) => () => Date.now() + ms;

test("what a killed page had not frozen yet is delivered by the next one", async () => {
  const storage = new TestStorage();
  const killed = client(NOWHERE, storage);
  killed.track(...view("a"));
  await Promise.resolve();
  // Nothing of the first client runs from here on: its timers find a dead gateway.
  expect([...Array(storage.length).keys()].map((i) => storage.key(i)).some((key) => key?.includes("loose"))).toBe(true);
  const next = client(gateway.origin, storage, later(20_000));
  await next.flush();
  expect(ids()).toEqual(["a"]);
});

test("a fresh tab leaves the loose events of a living one alone", async () => {
  const storage = new TestStorage();
  const living = client(gateway.origin, storage);
  living.track(...view("a"));
  await Promise.resolve();
  await client(gateway.origin, storage).flush();
  expect(gateway.events.size).toBe(0);
  await living.flush();
  expect(ids()).toEqual(["a"]);
});

test("storage that refuses or overflows costs durability, not events", async () => {
  const refused = new TestStorage();
  refused.refuses = true;
  const first = client(gateway.origin, refused);
  const second = client(gateway.origin, new TestStorage(100));
  first.track(...view("a"));
  second.track(...view("b"));
  await first.flush();
  await second.flush();
  first.track(...view("c"));
  await first.flush();
  expect(ids()).toEqual(["a", "b", "c"]);
});

test("the outbox is bounded: the oldest batches go first", async () => {
  const storage = new TestStorage();
  const endcap = client(NOWHERE, storage);
  for (let i = 0; i < 3200; i++) endcap.track("search", { query: `q${i}`, context: { pad: "x".repeat(800) } });
  await endcap.flush();
  expect(storage.chars).toBeLessThan(2_200_000);
  const next = client(gateway.origin, storage, later(20_000));
  await next.flush();
  const queries = [...gateway.events.values()].map((event) => (event as unknown as { query: string }).query);
  expect(queries).toContain("q3199");
  expect(queries).not.toContain("q0");
});

test("a burst of 10,000 events is written in batches, not one by one", async () => {
  const storage = new TestStorage();
  const endcap = client(NOWHERE, storage);
  for (let i = 0; i < 10_000; i++) endcap.track(...view(`i${i}`));
  await Promise.resolve();
  expect(storage.writes).toBeLessThan(200);
});

test("recommendations carry what is not acknowledged yet, newest last, twenty at most", async () => {
  const storage = new TestStorage();
  gateway.override = ({ path }) => (path === "/v1/events" ? { status: 503, body: { code: "overloaded" } } : undefined);
  const endcap = client(gateway.origin, storage);
  for (let i = 0; i < 15; i++) endcap.track(...view(`old${i}`));
  await endcap.flush();
  for (let i = 0; i < 10; i++) endcap.track("view_item", { items: [`new${i}`], page: { url: "https://shop" } });
  gateway.items = [{ id: "x" }];
  const answer = await endcap.recommend({ placement: "home", limit: 3 });
  expect(answer.items).toEqual([{ id: "x" }]);
  const request = gateway.requests.find(({ path }) => path === "/v1/recommendations");
  if (!request) throw new Error("nothing was asked");
  const { recent } = request.payload.context as { recent: { items: { id: string }[]; page?: object }[] };
  expect(recent).toHaveLength(20);
  expect(recent.at(-1)?.items[0]?.id).toBe("new9");
  expect(recent[0]?.items[0]?.id).toBe("old5");
  expect(recent.every((event) => event.page === undefined)).toBe(true);
  expect(request.form).toBe("EP1");
});

test("recommend() never rejects and keeps its deadline", async () => {
  gateway.override = () => "hang";
  const endcap = client(gateway.origin);
  const started = performance.now();
  expect(await endcap.recommend({ placement: "home", timeoutMsMax: 50 })).toEqual({ items: [], fallback: "empty" });
  expect(performance.now() - started).toBeLessThan(2000);
  gateway.override = () => ({ status: 500, body: { code: "internal" } });
  expect((await endcap.recommend({ placement: "home" })).items).toEqual([]);
  expect((await client(NOWHERE).recommend({ placement: "home" })).items).toEqual([]);
});

test("whatever is tracked arrives once, whatever the answers", async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom("ok", "cut", "503", "401")), {
        maxLength: 12,
      }),
      async (steps) => {
        const run = `run${runs++}-`;
        const storage = new TestStorage();
        let t = Date.now();
        let mode = "ok";
        gateway.override = (request) => {
          if (mode === "cut") return "cut";
          if (mode === "503") return { status: 503, body: { code: "overloaded" } };
          if (mode === "401" && request.form === "EC1") return { status: 401, body: { code: "session_invalid" } };
          return undefined;
        };
        let count = 0;
        let endcap = client(gateway.origin, storage, () => t);
        for (const [events, answer] of steps) {
          mode = answer;
          for (let i = 0; i < events; i++) endcap.track(...view(`${run}${count++}`));
          await endcap.flush();
          t += 1000;
          // Every step is a page of its own.
          endcap = client(gateway.origin, storage, () => t);
        }
        mode = "ok";
        // Clients of earlier pages may still be at work; what they send is known by its name.
        const arrived = () => ids().filter((id) => id?.startsWith(run)).length;
        await expect
          .poll(async () => {
            // Past any wait; a connection that was cut before may fail one more request.
            t += 700_000;
            await endcap.flush();
            return arrived();
          })
          .toBe(count);
        // Nothing is left behind.
        const left = [...Array(storage.length).keys()].map((i) => storage.key(i) ?? "");
        expect(left.filter((key) => /batch|loose/.test(key))).toEqual([]);
      },
    ),
    { numRuns: 40 },
  );
});
