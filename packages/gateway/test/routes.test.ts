import type { Scope } from "@endcap/protocol";
import { describe, expect, it } from "vitest";
import { send, signed, startEdge } from "./support/edge.ts";
import { newShop } from "./support/tenants.ts";

const acorn = newShop({ limits: { requestsPerSecond: 10_000, burst: 10_000 } });
const birch = newShop();
const spent = newShop({ limits: { requestsPerSecond: 1, burst: 1 } });
const scopes: Scope[] = ["events:write", "items:write", "recommendations:read", "identity:sign", "shopper:erase"];
const without = new Map(scopes.map((scope) => [scope, newShop({ scopes: scopes.filter((other) => other !== scope) })]));
const powerless = newShop({ scopes: ["identity:sign"] });
const edge = await startEdge([acorn, birch, spent, powerless, ...without.values()]);

interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly kind: "collector" | "ml" | "recommender";
  readonly contentType?: string;
  readonly scope?: Scope;
}

const json = "application/json";
const routes: Route[] = [
  { method: "POST", path: "/v1/events", kind: "collector", contentType: json, scope: "events:write" },
  { method: "POST", path: "/v1/recommendations", kind: "ml", contentType: json, scope: "recommendations:read" },
  {
    method: "POST",
    path: "/v1/recommenders/for_you",
    kind: "recommender",
    contentType: json,
    scope: "recommendations:read",
  },
  { method: "PUT", path: "/v1/items", kind: "collector", contentType: json, scope: "items:write" },
  { method: "GET", path: "/v1/items/i1", kind: "collector", scope: "items:write" },
  { method: "DELETE", path: "/v1/items/i1", kind: "collector", scope: "items:write" },
  { method: "PUT", path: "/v1/imports/i1/parts/1", kind: "collector", contentType: "application/gzip" },
  { method: "POST", path: "/v1/imports/i1/complete", kind: "collector", contentType: json },
  { method: "GET", path: "/v1/imports/i1", kind: "collector" },
  { method: "DELETE", path: "/v1/shoppers/user/u1", kind: "collector", scope: "shopper:erase" },
  { method: "GET", path: "/v1/shoppers/user/u1", kind: "collector", scope: "shopper:erase" },
];

describe.each(routes)("$method $path", ({ method, path, kind, contentType, scope }) => {
  const url = edge.url + path;
  const content = contentType === undefined ? {} : { bytes: Buffer.from("{}"), contentType };
  const by = (shop: typeof acorn, more: Record<string, string> = {}) =>
    signed(url, method, shop.sk, { ...content, headers: more });
  const outcome = async (init: RequestInit, at = url) => {
    const { status, body } = await send(at, init);
    return [status, body.code];
  };
  const refuse = (status: number, code: string) => {
    edge[kind].answer = () => ({ status, body: { type: "t", title: "t", status, code } });
  };

  it("200, for the caller's own tenant and no other", async () => {
    edge[kind].answer = ({ principal }) => ({ status: 200, body: { tenant: principal.tenant } });
    for (const shop of [acorn, birch]) {
      expect(await send(url, by(shop))).toMatchObject({ status: 200, body: { tenant: shop.tenant.id } });
    }
  });

  it("400 with a query", async () => {
    expect(await outcome(signed(`${url}?a=1`, method, acorn.sk, content), `${url}?a=1`)).toEqual([
      400,
      "query_not_allowed",
    ]);
  });

  if (contentType !== undefined) {
    it("400 without a body", async () => {
      expect(await outcome(signed(url, method, acorn.sk))).toEqual([400, "body_missing"]);
    });
    it("415 with a body of another type", async () => {
      const other = { bytes: Buffer.from("<x/>"), contentType: "application/xml" };
      expect(await outcome(signed(url, method, acorn.sk, other))).toEqual([415, "content_type_unsupported"]);
    });
  }

  it("400 from the upstream keeps its code", async () => {
    refuse(400, "invalid_request");
    expect(await outcome(by(acorn))).toEqual([400, "invalid_request"]);
  });

  it("401 without credentials, with another tenant's secret, with an old signature, twice", async () => {
    const bare = { method, ...(contentType !== undefined && { headers: { "content-type": contentType }, body: "{}" }) };
    expect(await outcome(bare)).toEqual([401, "unauthenticated"]);
    const mixed = signed(url, method, { ...acorn.sk, request: birch.sk.request }, content);
    expect(await outcome(mixed)).toEqual([401, "signature_invalid"]);
    const old = signed(url, method, acorn.sk, { ...content, now: Date.now() - 400_000 });
    expect(await outcome(old)).toEqual([401, "signature_expired"]);
    edge[kind].answer = () => ({ status: 200, body: {} });
    const once = by(acorn);
    expect((await outcome(once))[0]).toBe(200);
    expect(await outcome(once)).toEqual([401, "nonce_replayed"]);
  });

  it("403 for a key without the scope", async () => {
    const shop = (scope === undefined ? undefined : without.get(scope)) ?? powerless;
    expect(await outcome(by(shop))).toEqual([403, "scope_missing"]);
  });

  it("404 where another tenant's things would be: its absence looks the same", async () => {
    refuse(404, "not_found");
    expect(await outcome(by(birch))).toEqual([404, "not_found"]);
  });

  it("409 from the upstream keeps its code", async () => {
    refuse(409, "batch_changed");
    expect(await outcome(by(acorn))).toEqual([409, "batch_changed"]);
  });

  it("429 past the tenant's rate", async () => {
    edge[kind].answer = () => ({ status: 200, body: {} });
    // At once: on a busy machine a second may pass between two requests, and with it the limit.
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => outcome(by(spent))));
    expect(outcomes).toContainEqual([429, "rate_limited"]);
  });

  it("501 and 503 from the upstream keep their codes", async () => {
    for (const [status, code] of [
      [501, "erasure_unavailable"],
      [503, "storage_full"],
    ] as const) {
      refuse(status, code);
      expect(await outcome(by(acorn))).toEqual([status, code]);
    }
  });
});
