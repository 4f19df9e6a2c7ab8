import { LIMITS } from "@endcap/protocol";
import { expect, test } from "vitest";
import { startCollector, tenantB } from "./support/collector.ts";
import { browser, lamp, server } from "./support/samples.ts";

const principal = server(["items:write"]);
const hour = 3_600_000;

test("200: good items are stored, stale ones left, bad ones refused alone", async () => {
  const collector = await startCollector();
  const older = lamp("c", { updatedAt: new Date(Date.now() - hour).toISOString() });
  await collector.call("PUT", "/v1/items", { principal, body: { items: [lamp("c")] } });
  const items = [
    lamp("a"),
    lamp("b", { price: "free" }),
    older,
    { id: "\u0007" },
    lamp("d", { title: "t".repeat(70_000) }),
  ];
  const { status, json } = await collector.call("PUT", "/v1/items", { principal, body: { items } });
  expect(status).toBe(200);
  expect(json).toMatchObject({
    stored: 1,
    stale: 1,
    rejected: [
      { index: 1, id: "b", code: "item_invalid", pointer: "/price" },
      { index: 3, code: "item_invalid" },
      { index: 4, id: "d", code: "item_invalid", pointer: "/title" },
    ],
    serverTime: expect.any(String),
  });
});

test("200: an item comes back as it was sent, whatever script its id is in", async () => {
  const collector = await startCollector();
  for (const id of ["a", "Lampe/à pied #1?", "灯 100%", "x".repeat(500)]) {
    const item = lamp(id, { attributes: { colour: ["red", "green"], watts: 4.5, dimmable: true }, brand: "Acme" });
    await collector.call("PUT", "/v1/items", { principal, body: { items: [item] } });
    const answer = await collector.call("GET", `/v1/items/${encodeURIComponent(id)}`, { principal });
    expect(answer).toMatchObject({ status: 200, json: item });
    expect(Object.keys(answer.json as object).sort()).toEqual(Object.keys(item).sort());
  }
});

test("200: a deleted item is gone, deleting it again changes nothing, an older write does not bring it back", async () => {
  const collector = await startCollector();
  await collector.call("PUT", "/v1/items", { principal, body: { items: [lamp("a")] } });
  const first = await collector.call("DELETE", "/v1/items/a", { principal });
  const second = await collector.call("DELETE", "/v1/items/a", { principal });
  expect([first.status, second.status]).toEqual([200, 200]);
  expect([first.json, second.json]).toMatchObject([
    { id: "a", deleted: true },
    { id: "a", deleted: false },
  ]);
  const older = lamp("a", { updatedAt: new Date(Date.now() - hour).toISOString() });
  const late = await collector.call("PUT", "/v1/items", { principal, body: { items: [older] } });
  expect(late.json).toMatchObject({ stored: 0, stale: 1 });
  expect(await collector.call("GET", "/v1/items/a", { principal })).toMatchObject({ status: 404 });
});

test("200: an item dated in the future can be deleted", async () => {
  const collector = await startCollector();
  const ahead = lamp("a", { updatedAt: new Date(Date.now() + hour).toISOString() });
  await collector.call("PUT", "/v1/items", { principal, body: { items: [ahead] } });
  expect(await collector.call("DELETE", "/v1/items/a", { principal })).toMatchObject({ json: { deleted: true } });
  expect(await collector.call("GET", "/v1/items/a", { principal })).toMatchObject({ status: 404 });
});

test("200: a test key writes the one catalogue that the tenant has", async () => {
  const collector = await startCollector();
  const testKey = server(["items:write"], { env: "test" });
  await collector.call("PUT", "/v1/items", { principal: testKey, body: { items: [lamp("a")] } });
  expect(await collector.call("GET", "/v1/items/a", { principal })).toMatchObject({ status: 200 });
});

test("400: a body that is no list of 1 to 1,000 items", async () => {
  const collector = await startCollector();
  const bodies = [{}, { items: [] }, { items: Array.from({ length: LIMITS.itemsPerRequestMax + 1 }, () => ({})) }, []];
  for (const body of bodies) {
    const answer = await collector.call("PUT", "/v1/items", { principal, body });
    expect(answer).toMatchObject({ status: 400, json: { code: "invalid_request", serverTime: expect.any(String) } });
  }
  const broken = { principal, bytes: Buffer.from("{"), headers: { "content-type": "application/json" } };
  const answer = await collector.call("PUT", "/v1/items", broken);
  expect(answer).toMatchObject({ status: 400, json: { code: "invalid_json" } });
});

test("401: no token", async () => {
  const collector = await startCollector();
  expect(await collector.call("GET", "/v1/items/a", { principal, token: null })).toMatchObject({ status: 401 });
});

test("403: a key without items:write, and any browser", async () => {
  const collector = await startCollector();
  for (const caller of [server(["events:write"]), browser({ anonymousId: "a_x" }, { scope: ["items:write"] })]) {
    const calls = [
      collector.call("PUT", "/v1/items", { principal: caller, body: { items: [lamp("a")] } }),
      collector.call("GET", "/v1/items/a", { principal: caller }),
      collector.call("DELETE", "/v1/items/a", { principal: caller }),
    ];
    for (const answer of await Promise.all(calls)) {
      expect(answer).toMatchObject({ status: 403, json: { code: "scope_missing" } });
    }
  }
});

test("404: an item that is not there, and another tenant's", async () => {
  const collector = await startCollector();
  await collector.call("PUT", "/v1/items", { principal, body: { items: [lamp("a")] } });
  const other = server(["items:write"], { tenant: tenantB });
  const answers = [
    await collector.call("GET", "/v1/items/b", { principal }),
    await collector.call("GET", "/v1/items/a", { principal: other }),
  ];
  for (const answer of answers) expect(answer).toMatchObject({ status: 404, json: { code: "item_not_found" } });
});

test("413: more than 8 MB", async () => {
  const collector = await startCollector();
  const answer = await collector.call("PUT", "/v1/items", {
    principal,
    bytes: Buffer.alloc(LIMITS.itemsBodyBytesMax + 1, 0x20),
    headers: { "content-type": "application/json" },
  });
  expect(answer).toMatchObject({ status: 413, json: { code: "body_too_large" } });
});
