import { request } from "node:http";
import { expect, it } from "vitest";
import { bootstrap, send, signed, startEdge } from "./support/edge.ts";
import { newShop } from "./support/tenants.ts";

const acorn = newShop();
const birch = newShop();
const edge = await startEdge([acorn, birch]);
edge.collector.answer = () => ({ status: 202, body: { accepted: 1 } });

const lies = {
  "endcap-principal": Buffer.from(JSON.stringify({ tenant: birch.tenant.id })).toString("base64url"),
  "endcap-request-id": "req_mine",
  "endcap-deadline-ms": "999999",
  "x-endcap-tenant": birch.tenant.id,
  "x-tenant-id": birch.tenant.id,
  x_tenant_id: birch.tenant.id,
  "x-forwarded-for": "10.0.0.1",
  "x-forwarded-host": "evil.example",
  "proxy-authorization": "Basic eDp5",
  cookie: "session=1",
  te: "trailers",
  traceparent: "00-evil-evil-01",
  tracestate: "evil=1",
  baggage: "tenant=evil",
};

const own = [
  "authorization",
  "connection",
  "content-length",
  "content-type",
  "endcap-deadline-ms",
  "endcap-principal",
  "endcap-request-id",
  "host",
  "transfer-encoding",
];

it.each([
  ["POST", "/v1/events", { events: [] }],
  ["POST", "/v1/recommendations", {}],
  ["POST", "/v1/recommenders/for_you", {}],
  ["PUT", "/v1/items", { items: [] }],
  ["GET", "/v1/items/i1", undefined],
] as const)("%s %s: no header of a client gets behind the edge", async (method, path, body) => {
  const url = edge.url + path;
  const kind = path.includes("recommenders") ? edge.recommender : path.includes("recommend") ? edge.ml : edge.collector;
  const reply = await send(url, signed(url, method, acorn.sk, { ...(body && { body }), headers: lies }));
  expect(reply.status).toBeLessThan(300);
  const seen = kind.seen.at(-1);
  expect(seen?.principal.tenant).toBe(acorn.tenant.id);
  const strangers = Object.keys(seen?.headers ?? {}).filter((name) => !own.includes(name));
  expect(strangers).toEqual([]);
  expect(JSON.stringify(seen?.headers)).not.toMatch(/999999|evil|req_mine/);
});

it("a page's identity headers count as little as a server's", async () => {
  const init = bootstrap(acorn, { events: [] });
  await send(`${edge.url}/v1/events`, { ...init, headers: { ...init.headers, ...lies } });
  expect(edge.collector.seen.at(-1)?.principal).toMatchObject({ tenant: acorn.tenant.id, auth: "ep1" });
});

it.each(["keep-alive", "upgrade", "expect"])("a client's %s header breaks nothing", async (name) => {
  const url = `${edge.url}/v1/items/i1`;
  const { headers } = signed(url, "GET", acorn.sk);
  const value = { "keep-alive": "timeout=1", upgrade: "h2c", expect: "100-continue" }[name] ?? "";
  const status = await new Promise((resolve, reject) => {
    const call = request(url, { headers: { ...(headers as Record<string, string>), [name]: value } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    call.on("error", reject).end();
  });
  expect(status).toBe(202);
});

it.each([
  "/v1/%69tems/x",
  "/v1/./items/x",
  "/v1/items/../items/x",
  "/v1/items/%2E%2E",
  "/v1//items/x",
  "/v1/items/%00",
])("%s is another spelling of a path, and refused before anything is looked at", async (path) => {
  const status = await new Promise((resolve, reject) => {
    const { hostname, port } = new URL(edge.url);
    request({ hostname, port, path, method: "GET" }, (answer) => {
      answer.setEncoding("utf8").on("data", (text) => resolve([answer.statusCode, JSON.parse(text).code]));
    })
      .on("error", reject)
      .end();
  });
  expect([
    [400, "path_not_canonical"],
    [404, "not_found"],
  ]).toContainEqual(status);
});

it("an item id of any script reaches the collector in the spelling that was signed", async () => {
  for (const id of ["a/b", "größe 42", "日本語", "a%b", "100%25", "x?y#z"]) {
    const url = `${edge.url}/v1/items/${encodeURIComponent(id)}`;
    const { status } = await send(url, signed(url, "GET", acorn.sk));
    expect([id, status]).toEqual([id, 202]);
    expect(edge.collector.seen.at(-1)?.url).toBe(`/v1/items/${encodeURIComponent(id)}`);
  }
});
