import { uuidV7Time, uuidVersion } from "@endcap/protocol/uuid";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { EventQueue } from "../src/events/event-queue.ts";
import { EndcapFlushError, type FlushCounts } from "../src/index.ts";
import { client, credentials, Time } from "./support/client.ts";
import { type Answer, type Handler, startServer, type TestServer } from "./support/server.ts";
import type { ReceivedRequest } from "./support/verify-signature.ts";

let server: TestServer | undefined;
afterEach(() => server?.[Symbol.asyncDispose]());

async function serve(handle: Handler): Promise<TestServer> {
  server = await startServer(credentials, handle);
  return server;
}

interface Batch {
  batchId: string;
  events: { id: string; type: string; at: string; shopper: object; items?: object[] }[];
}
const batchOf = (request: ReceivedRequest | undefined): Batch => JSON.parse(request?.body.toString() ?? "") as Batch;

/** A collector that deduplicates by batch id, as ours does. */
function collector(): { handle: Handler; ids: Set<string> } {
  const batches = new Set<string>();
  const ids = new Set<string>();
  const handle = (request: ReceivedRequest): Answer => {
    const { batchId, events } = batchOf(request);
    const fresh = !batches.has(batchId);
    batches.add(batchId);
    for (const { id } of events) ids.add(id);
    const count = events.length;
    return { status: 202, body: { accepted: fresh ? count : 0, duplicates: fresh ? 0 : count, rejected: [], batchId } };
  };
  return { handle, ids };
}

const view = { userId: "u-1", items: ["a"] } as const;

test("an event becomes what the wire says", async () => {
  const { endpoint, requests, faults } = await serve(collector().handle);
  const time = new Time();
  const endcap = client(endpoint, { now: time.now, after: time.after });
  const id = endcap.track("add_to_cart", {
    userId: "u-1",
    anonymousId: "a_1",
    items: ["a", { id: "b", quantity: 2, price: 3.5 }],
    value: 7,
    currency: "EUR",
    at: new Date(time.nowMs - 5000),
  });
  await endcap.flush();
  const { batchId, events } = batchOf(requests[0]);
  expect(uuidV7Time(batchId)).toBe(time.nowMs);
  expect(uuidVersion(id ?? "")).toBe(7);
  expect(events).toEqual([
    {
      id,
      type: "add_to_cart",
      at: "2026-10-31T23:59:55.000Z",
      shopper: { userId: "u-1", anonymousId: "a_1" },
      items: [{ id: "a" }, { id: "b", quantity: 2, price: 3.5 }],
      value: 7,
      currency: "EUR",
    },
  ]);
  expect(faults).toEqual([]);
});

test("flush delivers what was accepted before and during the call, in one count", async () => {
  const { handle, ids } = collector();
  let during = 3;
  const { endpoint } = await serve(async (request, count) => {
    if (during-- > 0) endcap.track("view_item", view);
    return handle(request, count) as Answer;
  });
  const endcap = client(endpoint);
  for (let i = 0; i < 450; i++) endcap.track("view_item", view);
  expect(await endcap.flush()).toEqual({ accepted: 453, duplicates: 0, rejected: [], dropped: 0 });
  expect(ids.size).toBe(453);
  expect((await endcap.flush()).accepted).toBe(0);
});

test("a batch is re-sent with the same bytes, so nothing counts twice", async () => {
  const { handle, ids } = collector();
  const { endpoint, requests } = await serve((request, count) => {
    const answer = handle(request, count);
    return count <= 2 ? "reset" : answer;
  });
  const endcap = client(endpoint, { after: new Time().after });
  endcap.track("view_item", view);
  const counts = await endcap.flush();
  expect(counts).toMatchObject({ accepted: 0, duplicates: 1 });
  expect(requests).toHaveLength(3);
  expect(new Set(requests.map(({ body }) => body.toString())).size).toBe(1);
  expect(ids.size).toBe(1);
});

test("what cannot be delivered stays queued, and the next flush delivers it", async () => {
  const { handle } = collector();
  const { endpoint } = await serve(() => "reset");
  const endcap = client(endpoint, { after: new Time().after, retries: 1 });
  for (let i = 0; i < 300; i++) endcap.track("view_item", view);
  const error = await endcap.flush().catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(EndcapFlushError);
  expect(error).toMatchObject({ pending: 300, counts: { accepted: 0 } });
  if (server) server.handle = handle;
  expect((await endcap.flush()).accepted).toBe(300);
});

test("rejected events come back by id; a refused batch is dropped and reported", async () => {
  const dropped: string[] = [];
  const { endpoint } = await serve((_, count) =>
    count === 1
      ? {
          status: 202,
          body: { accepted: 1, duplicates: 0, rejected: [{ index: 1, code: "event_invalid", pointer: "/value" }] },
        }
      : { status: 400, body: { code: "batch_id_invalid" } },
  );
  const endcap = client(endpoint, {
    hooks: { onDrop: ({ events, reason }) => dropped.push(...events.map(({ type }) => `${type} ${reason}`)) },
  });
  endcap.track("view_item", view);
  const bad = endcap.track("search", { userId: "u-1", query: "x", value: Number.MAX_VALUE });
  expect((await endcap.flush()).rejected).toEqual([{ id: bad, code: "event_invalid", pointer: "/value" }]);
  endcap.track("page_view", { userId: "u-1" });
  expect((await endcap.flush()).dropped).toBe(1);
  expect(dropped).toEqual(["search event_invalid", "page_view batch_id_invalid"]);
});

test("missing rights do not lose events", async () => {
  const { handle } = collector();
  const { endpoint } = await serve(() => ({ status: 401, body: { code: "key_unknown" } }));
  const endcap = client(endpoint);
  endcap.track("view_item", view);
  await expect(endcap.flush()).rejects.toMatchObject({ pending: 1, cause: { code: "key_unknown" } });
  if (server) server.handle = handle;
  expect((await endcap.flush()).accepted).toBe(1);
});

test("a full queue refuses the newest event aloud and keeps the others", async () => {
  const reasons: string[] = [];
  const { endpoint } = await serve(collector().handle);
  const endcap = client(endpoint, {
    batching: { queueEventsMax: 2 },
    hooks: { onDrop: ({ reason }) => reasons.push(reason) },
  });
  expect([1, 2, 3].map(() => endcap.track("view_item", view) !== null)).toEqual([true, true, false]);
  expect(await endcap.close()).toMatchObject({ accepted: 2, dropped: 1 });
  expect(endcap.track("view_item", view)).toBeNull();
  expect(reasons).toEqual(["queue_full", "closed"]);
});

test("an event without a shopper, or too large to travel, is the caller's fault", async () => {
  const endcap = client("http://127.0.0.1:9");
  expect(() => endcap.track("page_view", { userId: "" })).toThrow(/needs a userId/);
  expect(() => endcap.track("page_view", { userId: "u", context: { a: "x".repeat(40_000) } })).toThrow(/32768 bytes/);
});

test("events leave by themselves: after a moment, or at once when a batch is full", async () => {
  const { handle } = collector();
  const arrived: number[] = [];
  let arrival = Promise.withResolvers<void>();
  const { endpoint } = await serve((request, count) => {
    arrived.push(batchOf(request).events.length);
    arrival.resolve();
    return handle(request, count);
  });
  const time = new Time();
  const endcap = client(endpoint, { after: time.after, batching: { batchEventsMax: 3 } });
  endcap.track("view_item", view);
  expect(time.held[0]?.delayMs).toBe(1000);
  time.held[0]?.run();
  await arrival.promise;
  arrival = Promise.withResolvers<void>();
  for (let i = 0; i < 3; i++) endcap.track("view_item", view);
  await arrival.promise;
  expect(arrived).toEqual([1, 3]);
  await endcap.close();
});

test("a failing background delivery is tried again later, not at every event", async () => {
  const errors: unknown[] = [];
  const { endpoint, requests } = await serve(() => ({ status: 503, body: { code: "overloaded" } }));
  const failure = Promise.withResolvers<void>();
  const time = new Time();
  const endcap = client(endpoint, {
    after: time.after,
    retries: 0,
    batching: { batchEventsMax: 1 },
    hooks: {
      onError: (error) => {
        errors.push(error);
        queueMicrotask(failure.resolve);
      },
    },
  });
  endcap.track("view_item", view);
  await failure.promise;
  for (let i = 0; i < 5; i++) endcap.track("view_item", view);
  expect(requests).toHaveLength(1);
  expect(time.held.map(({ delayMs }) => delayMs)).toContain(5000);
  if (server) server.handle = collector().handle;
  expect((await endcap.close()).accepted).toBe(6);
});

test("waitUntil keeps an invocation alive until its events are delivered", async () => {
  const { handle, ids } = collector();
  const { endpoint } = await serve(handle);
  const kept: Promise<unknown>[] = [];
  const endcap = client(endpoint, { batching: { ageMsMax: 5, waitUntil: (delivery) => kept.push(delivery) } });
  endcap.track("view_item", view);
  endcap.track("view_item", view);
  await Promise.all(kept);
  expect(ids.size).toBe(2);
});

test("await using closes the client", async () => {
  const { handle, ids } = collector();
  const { endpoint } = await serve(handle);
  {
    await using endcap = client(endpoint);
    endcap.track("view_item", view);
  }
  expect(ids.size).toBe(1);
});

test("the queue keeps its bounds and loses nothing, whatever the sizes", () => {
  const word = fc.string({ unit: "grapheme", maxLength: 300 });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (texts, batchEventsMax) => {
      let n = 0;
      const batchBytesMax = 2000;
      const queue = new EventQueue(
        { batchEventsMax, batchBytesMax, queueEventsMax: 50, queueBytesMax: 20_000 },
        () => `00000000-0000-7000-8000-${String(n++).padStart(12, "0")}`,
      );
      const kept = texts.filter((query, i) => queue.add({ id: `e${i}`, type: "search", at: "", query }));
      expect(queue.size).toBe(kept.length);
      expect(kept.length).toBeLessThanOrEqual(50);
      queue.freeze();
      const out: string[] = [];
      for (let batch = queue.take(); batch; batch = queue.take()) {
        const { events } = JSON.parse(new TextDecoder().decode(batch.body)) as { events: { query: string }[] };
        expect(events.length).toBeLessThanOrEqual(batchEventsMax);
        if (events.length > 1) expect(batch.body.length).toBeLessThanOrEqual(batchBytesMax);
        out.push(...events.map(({ query }) => query));
        queue.settle(batch);
      }
      expect(out).toEqual(kept.map((text) => text.toWellFormed()));
      expect(queue.size).toBe(0);
      // All bytes were given back: a full-size event fits again.
      expect(queue.add({ id: "z", type: "search", at: "", query: "x".repeat(19_000) })).toBe(true);
    }),
  );
});

test("the types of events are enforced where they are written", () => {
  const endcap = client("http://127.0.0.1:9");
  const check = (): (string | null)[] => [
    // @ts-expect-error a purchase needs a transaction
    endcap.track("purchase", { userId: "u", items: ["a"] }),
    // @ts-expect-error a view needs its item
    endcap.track("view_item", { userId: "u" }),
    // @ts-expect-error an unknown type is a typo; own types are custom:<name>
    endcap.track("viewitem", { userId: "u" }),
    // @ts-expect-error somebody did it
    endcap.track("page_view", {}),
    endcap.track("custom:quiz", { userId: "u", context: { answer: 42 } }),
  ];
  const counts: FlushCounts = { accepted: 0, duplicates: 0, rejected: [], dropped: 0 };
  expect(typeof check).toBe("function");
  expect(counts.dropped).toBe(0);
});
