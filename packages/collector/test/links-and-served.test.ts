import { uuidV7 } from "@endcap/protocol";
import { expect, test } from "vitest";
import { startCollector, tenantA } from "./support/collector.ts";
import { anonymousId, browser, server } from "./support/samples.ts";

const live = { tenant: tenantA, env: "live" } as const;
const at = "2027-03-01T12:00:00.000Z";
const uuid = () => uuidV7(Date.now(), (bytes) => crypto.getRandomValues(bytes));

test("a link is written once, and the first user keeps the anonymous id", async () => {
  const collector = await startCollector();
  const shopper = { anonymousId: anonymousId(), userId: "u-1" };
  const link = (userId: string) =>
    collector.call("POST", "/internal/v1/links", {
      principal: browser({ ...shopper, userId }),
      body: { anonymousId: shopper.anonymousId, userId, at },
    });
  const answers = [await link("u-1"), await link("u-1"), await link("u-2")];
  expect(answers.map(({ json }) => json)).toMatchObject([
    { result: "stored" },
    { result: "duplicate" },
    { result: "other" },
  ]);
  await collector.close();
  await collector.house.read(live, async ({ events }) =>
    expect(await events.links("u-1")).toEqual([{ ...shopper, at: Date.parse(at) }]),
  );
});

test("403: a link of other ids than the session's own", async () => {
  const collector = await startCollector();
  const mine = { anonymousId: anonymousId(), userId: "u-1" };
  for (const body of [
    { ...mine, userId: "u-2", at },
    { ...mine, anonymousId: anonymousId(), at },
  ]) {
    const answer = await collector.call("POST", "/internal/v1/links", { principal: browser(mine), body });
    expect(answer).toMatchObject({ status: 403, json: { code: "identity_denied" } });
  }
});

test("400: a link or a served list that is none", async () => {
  const collector = await startCollector();
  const principal = browser({ anonymousId: "a", userId: "u" });
  const bodies = [
    ["/internal/v1/links", { anonymousId: "a", userId: "u", at: "yesterday" }],
    ["/internal/v1/links", { anonymousId: "a" }],
    ["/internal/v1/served", { recommendationId: uuid() }],
  ] as const;
  for (const [path, body] of bodies) {
    const answer = await collector.call("POST", path, { principal, body });
    expect(answer).toMatchObject({ status: 400, json: { code: "invalid_request" } });
  }
});

test("a fallback list is kept in the served log of its shopper", async () => {
  const collector = await startCollector();
  const record = {
    recommendationId: uuid(),
    at: new Date().toISOString(),
    shopper: { anonymousId: anonymousId() },
    items: ["b", "a"],
    strategy: "for_you",
    placement: "home",
    modelVersion: null,
    answeredBy: "fallback" as const,
  };
  const answer = await collector.call("POST", "/internal/v1/served", {
    principal: browser(record.shopper),
    body: record,
  });
  expect(answer.status).toBe(204);
  await collector.close();
  await collector.house.read(live, async ({ served }) =>
    expect(await served.get(record.shopper, record.recommendationId)).toEqual(record),
  );
});

test("erasure says that it is not there yet, to keys that could ask for it", async () => {
  const collector = await startCollector();
  for (const method of ["DELETE", "GET"] as const) {
    const path = "/v1/shoppers/user/u-1";
    expect(await collector.call(method, path, { principal: server(["shopper:erase"]) })).toMatchObject({
      status: 501,
      json: { code: "erasure_unavailable" },
    });
    expect(await collector.call(method, path, { principal: server() })).toMatchObject({
      status: 403,
      json: { code: "scope_missing" },
    });
  }
  const odd = await collector.call("DELETE", "/v1/shoppers/robot/1", { principal: server(["shopper:erase"]) });
  expect(odd.status).toBe(400);
});
