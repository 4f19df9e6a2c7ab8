import { type Event, type Principal, uuidV7 } from "@endcap/protocol";
import { expect, test } from "vitest";
import { startCollector, tenantA } from "./support/collector.ts";
import { anonymousId, batch, browser, eventId, server, view } from "./support/samples.ts";

const live = { tenant: tenantA, env: "live" } as const;

test("an accepted event is there for the next read, under the shopper that was proven", async () => {
  const collector = await startCollector();
  const shopper = { anonymousId: anonymousId() };
  const claimed = { anonymousId: anonymousId(), userId: "somebody else" };
  const event = view("oak-table", { shopper: claimed });

  const [answer] = await collector.send({ p: browser(shopper), payload: batch([event]), r: "req_first" });

  expect(answer).toMatchObject({ r: "req_first", s: 202, b: { accepted: 1, duplicates: 0, rejected: [] } });
  await collector.close();
  await collector.house.read(live, async ({ events }) => {
    expect(await events.latest(shopper, 10)).toMatchObject([{ id: event.id, items: [{ id: "oak-table" }], shopper }]);
    expect(await events.latest(claimed, 10)).toEqual([]);
  });
});

test("what a signed-in page does is written under its user and found from its anonymous id's session", async () => {
  const collector = await startCollector();
  const shopper = { anonymousId: anonymousId(), userId: "u-1" };
  await collector.send({ p: browser(shopper), payload: batch([view("a")]) });
  await collector.close();
  await collector.house.read(live, async ({ events }) => {
    expect(await events.latest({ userId: "u-1" }, 10)).toHaveLength(1);
    expect(await events.latest({ anonymousId: shopper.anonymousId }, 10)).toEqual([]);
  });
});

test("a server's batch keeps each event with the shopper it names", async () => {
  const collector = await startCollector();
  const [anna, ben] = [{ userId: "anna" }, { anonymousId: anonymousId() }];
  const events = [view("a", { shopper: anna }), view("b", { shopper: ben }), view("c", { shopper: anna })];
  const [answer] = await collector.send({ p: server(), payload: batch(events) });
  expect(answer).toMatchObject({ s: 202, b: { accepted: 3 } });
  await collector.close();
  await collector.house.read(live, async (table) => {
    expect((await table.events.latest(anna, 10)).map(({ id }) => id).sort()).toEqual(
      [events[0]?.id, events[2]?.id].sort(),
    );
    expect(await table.events.latest(ben, 10)).toHaveLength(1);
  });
});

test("the test environment has a table of its own", async () => {
  const collector = await startCollector();
  const shopper = { anonymousId: anonymousId() };
  await collector.send({ p: browser(shopper, { env: "test" }), payload: batch([view("a")]) });
  await collector.close();
  await collector.house.read(live, async ({ events }) => expect(await events.latest(shopper, 1)).toEqual([]));
  await collector.house.read({ tenant: tenantA, env: "test" }, async ({ events }) =>
    expect(await events.latest(shopper, 1)).toHaveLength(1),
  );
});

test("of 500 events three bad ones are refused alone, by index, code and pointer", async () => {
  const collector = await startCollector();
  const events: unknown[] = Array.from({ length: 500 }, (_, index) => view(`item-${index}`));
  events[3] = view("x", { type: "no_such_type" as "view_item" });
  events[250] = view("x", { context: { note: "n".repeat(5000) } });
  events[499] = view("x", { at: new Date(Date.now() + 3_600_000).toISOString() });

  const [answer] = await collector.send({ p: browser({ anonymousId: anonymousId() }), payload: batch(events) });

  expect(answer).toMatchObject({
    s: 202,
    b: {
      accepted: 497,
      duplicates: 0,
      rejected: [
        { index: 3, code: "event_invalid", pointer: "/type" },
        { index: 250, code: "event_too_large", pointer: "/context" },
        { index: 499, code: "clock_ahead", pointer: "/at" },
      ],
    },
  });
});

test("an event beyond its size is refused alone, however it is large", async () => {
  const collector = await startCollector();
  const items = Array.from({ length: 200 }, (_, index) => ({ id: `${index}-${"i".repeat(300)}` }));
  const nested = `{"id":"${eventId()}","type":"view_item","at":"${new Date().toISOString()}","context":{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}}`;
  const payload = `{"batchId":"${eventId()}","events":[${JSON.stringify(view("a", { items }))},${nested},${JSON.stringify(view("fine"))}]}`;
  const [answer] = await collector.send({ p: browser({ anonymousId: anonymousId() }), payload });
  expect(answer).toMatchObject({
    s: 202,
    b: {
      accepted: 1,
      rejected: [
        { index: 0, code: "event_too_large" },
        { index: 1, code: "event_too_large" },
      ],
    },
  });
});

test("events older than 30 days are for imports", async () => {
  const collector = await startCollector();
  const old = new Date(Date.now() - 31 * 86_400_000).toISOString();
  const [answer] = await collector.send({
    p: browser({ anonymousId: anonymousId() }),
    payload: batch([view("a", { at: old })]),
  });
  expect(answer).toMatchObject({ s: 202, b: { accepted: 0, rejected: [{ index: 0, code: "clock_behind" }] } });
});

test("a server's event without a shopper is refused alone", async () => {
  const collector = await startCollector();
  const events = [view("a"), view("b", { shopper: {} }), view("c", { shopper: { userId: "u" } })];
  const [answer] = await collector.send({ p: server(), payload: batch(events) });
  expect(answer).toMatchObject({
    b: {
      accepted: 1,
      rejected: [
        { index: 0, code: "shopper_missing" },
        { index: 1, code: "shopper_missing" },
      ],
    },
  });
});

test("a batch that is sent again answers duplicates and writes nothing", async () => {
  const collector = await startCollector();
  const shopper = { anonymousId: anonymousId() };
  const part = { p: browser(shopper), payload: batch([view("a"), view("b")]) };
  const [first] = await collector.send(part);
  const [second] = await collector.send(part);
  expect(first).toMatchObject({ s: 202, b: { accepted: 2, duplicates: 0 } });
  expect(second).toMatchObject({ s: 202, b: { accepted: 0, duplicates: 2 } });
  await collector.close();
  await collector.house.read(live, async ({ events }) => expect(await events.latest(shopper, 10)).toHaveLength(2));
});

test("the same batch twice in one coalesced request is stored once", async () => {
  const collector = await startCollector();
  const part = { p: browser({ anonymousId: anonymousId() }), payload: batch([view("a")]) };
  const answers = await collector.send(part, part);
  expect(answers.map(({ b }) => b)).toMatchObject([
    { accepted: 1, duplicates: 0 },
    { accepted: 0, duplicates: 1 },
  ]);
});

test("an event id twice in a batch counts once", async () => {
  const collector = await startCollector();
  const shopper = { anonymousId: anonymousId() };
  const event = view("a");
  const [answer] = await collector.send({ p: browser(shopper), payload: batch([event, event, view("b")]) });
  expect(answer).toMatchObject({ b: { accepted: 2, duplicates: 1, rejected: [] } });
});

test("an event of a page that is in two batches counts once: taken over from a killed page, or told again", async () => {
  const collector = await startCollector();
  const shopper = { anonymousId: anonymousId() };
  const told = (secondsAgo: number) => view("a", { at: new Date(Date.now() - secondsAgo * 1_000).toISOString() });
  const [old, older, fresh] = [told(20), told(3_600), told(0)];
  const send = async (p: Principal, ...events: Event[]) => (await collector.send({ p, payload: batch(events) }))[0]?.b;

  const first = batch([old, older], eventId(Date.now() - 19_000));
  expect(await collector.send({ p: browser(shopper), payload: first })).toMatchObject([{ b: { accepted: 2 } }]);
  const takenOver = await send(browser(shopper), old, older, fresh);
  expect(takenOver).toMatchObject({ accepted: 1, duplicates: 2, rejected: [] });
  // Signed in meanwhile, the history is still its own.
  expect(await send(browser({ ...shopper, userId: "u-1" }), older)).toMatchObject({ accepted: 0, duplicates: 1 });
  // Old, and nobody told it yet; and what another shopper told is another event.
  expect(await send(browser(shopper), told(60))).toMatchObject({ accepted: 1, duplicates: 0 });
  expect(await send(browser({ anonymousId: anonymousId() }), old)).toMatchObject({ accepted: 1, duplicates: 0 });
  // A frozen batch that comes again is a duplicate as ever.
  expect(await collector.send({ p: browser(shopper), payload: first })).toMatchObject([
    { s: 202, b: { accepted: 0, duplicates: 2 } },
  ]);
  const status: unknown = await (await fetch(`${collector.adminUrl}/internal/v1/status`)).json();
  expect(status).toMatchObject({ acceptedEvents: { [tenantA]: { view_item: 5 } } });
});

test("a batch without an id gets one", async () => {
  const collector = await startCollector();
  const payload = JSON.stringify({ events: [view("a")] });
  const [answer] = await collector.send({ p: browser({ anonymousId: anonymousId() }), payload });
  expect(answer).toMatchObject({ s: 202, b: { accepted: 1, batchId: expect.stringMatching(/^[0-9a-f-]{14}7/) } });
});

test("every answer carries the server's time", async () => {
  const now = Date.UTC(2027, 0, 1);
  const collector = await startCollector({ now: () => now });
  const p = browser({ anonymousId: anonymousId() });
  const at = new Date(now).toISOString();
  const good = batch(
    [view("a", { at })],
    uuidV7(now, (bytes) => crypto.getRandomValues(bytes)),
  );
  const answers = await collector.send({ p, payload: good }, { p, payload: "not json" });
  expect(answers).toMatchObject([
    { s: 202, b: { serverTime: at } },
    { s: 400, b: { serverTime: at } },
  ]);
});

test("fields that nobody knows move under the context", async () => {
  const collector = await startCollector();
  const shopper = { anonymousId: anonymousId() };
  await collector.send({ p: browser(shopper), payload: batch([{ ...view("a"), colour: "green" }]) });
  await collector.close();
  await collector.house.read(live, async ({ events }) =>
    expect(await events.latest(shopper, 1)).toMatchObject([{ context: { colour: "green" } }]),
  );
});
