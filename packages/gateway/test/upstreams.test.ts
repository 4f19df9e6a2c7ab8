import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bootstrap, send, signed, startEdge } from "./support/edge.ts";
import { newShop } from "./support/tenants.ts";
import { startUpstream } from "./support/upstream.ts";

const acorn = newShop();
const early = newShop({ routes: { collector: "collector", ml: "ml", recommender: null } });
const lost = newShop({ routes: { collector: "nowhere", ml: "nowhere", recommender: "nowhere" } });
const edge = await startEdge([acorn, early, lost], { ENDCAP_GATEWAY_UPSTREAM_MS_MAX: "1000" });

const routes = [
  ["POST", "/v1/events", { events: [] }, "collector"],
  ["POST", "/v1/recommendations", {}, "ml"],
  ["POST", "/v1/recommenders/for_you", {}, "recommender"],
  ["PUT", "/v1/items", { items: [] }, "collector"],
  ["GET", "/v1/items/i1", undefined, "collector"],
  ["DELETE", "/v1/items/i1", undefined, "collector"],
  ["POST", "/v1/imports/i1/complete", { parts: 1 }, "collector"],
  ["GET", "/v1/imports/i1", undefined, "collector"],
  ["DELETE", "/v1/shoppers/user/u1", undefined, "collector"],
  ["GET", "/v1/shoppers/anonymous/a1", undefined, "collector"],
] as const;

const call = (method: string, path: string, body: object | undefined, shop = acorn) => {
  const url = edge.url + path;
  return send(url, signed(url, method, shop.sk, body && { body }));
};

it.each(routes)(
  "%s %s: the upstream's answer comes back, and only its harmless headers",
  async (method, path, body, kind) => {
    edge[kind].answer = () => ({
      status: 200,
      body: { fine: path },
      headers: { "x-powered-by": "node", etag: '"1"', server: "s" },
    });
    const reply = await call(method, path, body);
    expect(reply).toMatchObject({ status: 200, body: { fine: path } });
    expect(reply.headers.get("x-powered-by")).toBeNull();
    expect(reply.headers.get("server")).toBeNull();
    const seen = edge[kind].seen.at(-1);
    if (path !== "/v1/events") expect([seen?.method, seen?.url]).toEqual([method, path]);
    expect(seen?.body).toBe(body === undefined ? "" : JSON.stringify(body));
    expect(seen?.principal.tenant).toBe(acorn.tenant.id);
  },
);

it("an import part arrives as the bytes that were sent", async () => {
  edge.collector.answer = () => ({ status: 200, body: { part: 1 } });
  const url = `${edge.url}/v1/imports/i1/parts/1`;
  const bytes = Buffer.from("not really gzip");
  const reply = await send(url, signed(url, "PUT", acorn.sk, { bytes, contentType: "application/gzip" }));
  expect(reply.status).toBe(200);
  expect(edge.collector.seen.at(-1)).toMatchObject({
    body: "not really gzip",
    headers: { "content-type": "application/gzip" },
  });
  const json = await send(url, signed(url, "PUT", acorn.sk, { body: {} }));
  expect([json.status, json.body.code]).toEqual([415, "content_type_unsupported"]);
});

it("a large answer of a recommender comes through whole", async () => {
  const items = Array.from({ length: 60_000 }, (_, n) => ({
    id: `sku-${n}`,
    score: 1 / (n + 1),
    title: "x".repeat(200),
  }));
  edge.recommender.answer = () => ({ status: 200, body: { items } });
  const reply = await call("POST", "/v1/recommenders/for_you", {});
  expect([reply.status, Number(reply.headers.get("content-length")) > 12_000_000]).toEqual([200, true]);
  expect(reply.body.items).toEqual(items);
});

it("recommendations and strategies carry the time that is left", async () => {
  edge.ml.answer = () => ({ status: 200, body: {} });
  edge.recommender.answer = () => ({ status: 200, body: {} });
  await call("POST", "/v1/recommendations", {});
  expect(edge.ml.seen.at(-1)?.headers["endcap-deadline-ms"]).toBe("150");
  await call("POST", "/v1/recommenders/for_you", {});
  expect(edge.recommender.seen.at(-1)?.headers["endcap-deadline-ms"]).toBe("150");
});

it("a bootstrap recommendation gets its session into the answer, which is otherwise ml's", async () => {
  edge.ml.answer = () => ({ status: 200, body: { recommendationId: "r", items: [{ id: "}" }] } });
  const reply = await send(`${edge.url}/v1/recommendations`, bootstrap(acorn, { placement: "home" }));
  expect(reply.status).toBe(200);
  expect(reply.body).toMatchObject({ recommendationId: "r", items: [{ id: "}" }] });
  expect(reply.body.session?.token).toMatch(/^ey/);
});

it.each(routes)(
  "%s %s: a refusal keeps its code and public words, and loses everything else",
  async (method, path, body, kind) => {
    const problem = { type: "t", title: "t", status: 404, code: "item_not_found", detail: "No such item." };
    edge[kind].answer = () => ({
      status: 404,
      body: { ...problem, stack: "at /srv/x.js" },
      headers: { "x-host": "10.0.0.7" },
    });
    const reply = await call(method, path, body);
    expect([reply.status, reply.body.code, reply.body.detail]).toEqual([404, "item_not_found", "No such item."]);
    expect(reply.body).not.toHaveProperty("stack");
    expect(reply.headers.get("x-host")).toBeNull();
    expect(reply.body.instance).toBe(reply.headers.get("endcap-request-id"));
  },
);

it.each(routes)(
  "%s %s: what is no problem of ours becomes 502 without a word of it",
  async (method, path, body, kind) => {
    for (const [status, text] of [
      [500, "<html>nginx/1.2.3 10.0.0.7</html>"],
      [401, { type: "t", title: "t", status: 401, code: "internal_token_invalid", detail: "kid shared" }],
      [403, { type: "t", title: "t", status: 403, code: "tenant_forbidden" }],
      [418, { code: "teapot" }],
    ] as const) {
      edge[kind].answer = () => ({ status, body: text });
      const reply = await call(method, path, body);
      expect([status, reply.status, reply.body.code]).toEqual([status, 502, "upstream_invalid"]);
      expect(JSON.stringify(reply.body)).not.toMatch(/nginx|10\.0\.0|kid|internal_token|teapot/);
    }
  },
);

it("a tenant without a recommender yet: 503, and a route into nothing: 502", async () => {
  const soon = await call("POST", "/v1/recommenders/for_you", {}, early);
  expect([soon.status, soon.body.code, soon.headers.get("retry-after")]).toEqual([503, "not_ready", "1"]);
  for (const [method, path, body] of routes) {
    const reply = await call(method, path, body, lost);
    expect([path, reply.status, reply.body.code]).toEqual([path, 502, "upstream_unavailable"]);
  }
});

it("an upstream that answers too late: 504", async () => {
  edge.ml.answer = (_seen, signal) => once(signal, "abort").then(() => ({ status: 200, body: {} }));
  const reply = await call("POST", "/v1/recommendations", {});
  expect([reply.status, reply.body.code]).toEqual([504, "upstream_timeout"]);
});

it.each(routes.filter(([, path]) => path !== "/v1/events"))(
  "%s %s: a client that goes away ends the upstream's work",
  async (method, path, body, kind) => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>();
    edge[kind].answer = async (_seen, signal) => {
      arrive();
      await once(signal, "abort");
      cancel();
      return { status: 200, body: {} };
    };
    const init = signed(edge.url + path, method, acorn.sk, body && { body });
    const client = request(edge.url + path, { method, headers: init.headers as Record<string, string> }).on(
      "error",
      () => {
        // Expected: we hang up ourselves.
      },
    );
    client.end(init.body);
    await arrived;
    client.destroy();
    await cancelled;
  },
);

it("a dead upstream: 502 without a word of where it was; moved by control it answers again", async () => {
  const own = newShop({ routes: { collector: "own", ml: "own-ml", recommender: "own-rec" } });
  const dead = { collector: "own", ml: "own-ml", recommender: "own-rec" } as const;
  const gone = "http://127.0.0.1:1";
  const kinds = ["collector", "ml", "recommender"] as const;
  edge.control.push({ shops: [own], upstreams: kinds.map((kind) => ({ id: dead[kind], kind, url: gone })) });
  await edge.settled();
  for (const [method, path, body] of routes) {
    const reply = await call(method, path, body, own);
    expect([path, reply.status, reply.body.code]).toEqual([path, 502, "upstream_unavailable"]);
    expect(JSON.stringify(reply.body)).not.toMatch(/127\.0\.0\.1|ECONN|own-?/);
    expect(reply.headers.get("endcap-should-retry")).toBe("true");
  }
  edge.control.push({ upstreams: kinds.map((kind) => ({ id: dead[kind], kind, url: edge[kind].snapshot.url })) });
  await edge.settled();
  for (const [method, path, body, kind] of routes) {
    edge[kind].answer = () => ({ status: 200, body: {} });
    expect([path, (await call(method, path, body, own)).status]).toEqual([path, 200]);
  }
});

it("an upstream that was restarted costs no client a request", async () => {
  const jwksFile = join(edge.directory, "jwks.json");
  const first = await startUpstream("collector", jwksFile);
  const shop = newShop({ routes: { collector: "restarting", ml: "ml", recommender: null } });
  const upstream = { ...first.snapshot, id: "restarting" };
  edge.control.push({ shops: [shop], upstreams: [upstream] });
  await edge.settled();
  const statuses: number[] = [];
  const use = async () => {
    for (const [method, path, body] of routes.slice(0, 5)) {
      if (path.startsWith("/v1/rec")) continue;
      statuses.push((await call(method, path, body, shop)).status);
    }
  };
  await use();
  const port = Number(new URL(upstream.url).port);
  await first.service.close();
  const second = await startUpstream("collector", jwksFile, { port });
  await use();
  await second.service.close();
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200]);
});
