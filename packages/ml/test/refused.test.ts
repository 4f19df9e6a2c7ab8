import { LIMITS } from "@endcap/protocol";
import { expect, test } from "vitest";
import { newHouse } from "./support/house.ts";
import { startMl } from "./support/ml.ts";
import { startRecommender } from "./support/recommender.ts";
import { anonymousId, browser, server, tenantA, tenantB } from "./support/samples.ts";

test("400: neither placement nor strategy, or what the schema does not know", async () => {
  const ml = await startMl();
  const bodies = [
    {},
    { placement: "home", limit: 0 },
    { placement: "home", limit: 101 },
    { placement: "home", offset: -1 },
    { strategy: "magic" },
    { placement: "home", items: [""] },
    { placement: "home", context: { colour: "green" } },
    { placement: "home", context: { recent: Array.from({ length: LIMITS.recommendationRecentMax + 1 }, () => ({})) } },
    [],
  ];
  for (const body of bodies) {
    expect(await ml.ask(body)).toMatchObject({
      status: 400,
      json: { code: "invalid_request", errors: expect.any(Array), serverTime: expect.any(String) },
    });
  }
  expect(await ml.ask(undefined, { bytes: Buffer.from("{") })).toMatchObject({
    status: 400,
    json: { code: "invalid_json" },
  });
  const poison = Buffer.from('{"placement":"home","filter":{"__proto__":{"a":1}}}');
  expect(await ml.ask(undefined, { bytes: poison })).toMatchObject({ status: 400 });
});

test("a field that the schema does not know is a server's mistake, and a newer page's wish", async () => {
  const ml = await startMl();
  const body = { placement: "home", colour: "green" };
  for (const ask of [ml.ask, ml.askAlone]) {
    expect(await ask(body, { principal: server() })).toMatchObject({
      status: 400,
      json: { code: "invalid_request", errors: [{ pointer: "/colour", code: "additionalProperties" }] },
    });
    expect(await ask(body, { principal: browser({ anonymousId: anonymousId() }) })).toMatchObject({
      status: 200,
      list: { placement: "home" },
    });
  }
});

test("400: a wrong filter is the caller's fault, whoever would have answered", async () => {
  const house = newHouse();
  const recommender = await startRecommender(house, tenantA);
  for (const ml of [await startMl({ house, recommenderUrl: recommender.url }), await startMl()]) {
    expect(await ml.ask({ placement: "home", filter: { colour: "red" } })).toMatchObject({
      status: 400,
      json: { code: "filter_unknown_field", errors: [{ pointer: "/colour" }] },
    });
    expect(await ml.ask({ placement: "home", filter: { price: { $near: 1 } } })).toMatchObject({
      status: 400,
      json: { code: "filter_invalid" },
    });
  }
  expect(recommender.seen).toHaveLength(0);
});

test("400: what only the recommender can tell the caller is handed on", async () => {
  const house = newHouse();
  const recommender = await startRecommender(house, tenantA);
  const ml = await startMl({ house, recommenderUrl: recommender.url });
  for (const code of ["filter_invalid", "filter_unknown_field", "items_required", "strategy_unknown"] as const) {
    recommender.behave({ kind: "fault", code, detail: `about ${code}` });
    expect(await ml.ask({ placement: "home" })).toMatchObject({ status: 400, json: { code, detail: `about ${code}` } });
  }
});

test("401: without a good internal token", async () => {
  const ml = await startMl();
  const foreign = await (await ml.house.issuer(["collector"])).token();
  for (const token of [null, "nonsense", foreign]) {
    expect(await ml.ask({ placement: "home" }, { token })).toMatchObject({
      status: 401,
      json: { code: "internal_token_invalid" },
    });
  }
});

test("403: a secret key needs recommendations:read", async () => {
  const ml = await startMl();
  expect(await ml.ask({ placement: "home" }, { principal: server(["events:write"]) })).toMatchObject({
    status: 403,
    json: { code: "scope_missing" },
  });
});

test("403: a tenant outside the token, or outside this process's assignment", async () => {
  const ml = await startMl({ config: { tenant: tenantA } });
  const token = await (await ml.house.issuer(["ml"], tenantA)).token();
  const other = browser({ anonymousId: "a_x" }, { tenant: tenantB });
  for (const options of [{ principal: other, token }, { principal: other }]) {
    expect(await ml.ask({ placement: "home" }, options)).toMatchObject({
      status: 403,
      json: { code: "tenant_forbidden" },
    });
  }
});

test("404: a placement that the tenant does not have", async () => {
  const ml = await startMl();
  expect(await ml.ask({ placement: "basement" })).toMatchObject({ status: 404, json: { code: "placement_not_found" } });
});

test("413: more than 64 KB, and a part of that size ends its connection", async () => {
  const ml = await startMl();
  const bytes = Buffer.alloc(LIMITS.recommendationBodyBytesMax + 1, 0x20);
  expect(await ml.askAlone(undefined, { bytes })).toMatchObject({ status: 413, json: { code: "body_too_large" } });
  await expect(ml.ask(undefined, { bytes })).rejects.toThrow();
});

test("415: another content type", async () => {
  const ml = await startMl();
  expect(await ml.askAlone({ placement: "home" }, { contentType: "application/xml" })).toMatchObject({
    status: 415,
    json: { code: "content_type_unsupported" },
  });
});
