import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { anonymousId, send, startEdge } from "./support/edge.ts";
import { newShop } from "./support/tenants.ts";

const acorn = newShop({ origins: ["https://shop.example", "https://*.stores.example"] });
const edge = await startEdge([acorn]);

describe("the browser SDK's files", () => {
  const script = "globalThis.endcap = 1;".repeat(100);

  it("are not there before they are built, and there as soon as they are", async () => {
    const early = await send(`${edge.url}/sdk/v1.js`, {});
    expect([early.status, early.body.code]).toEqual([404, "not_found"]);
    writeFileSync(join(edge.directory, "v1.js"), script);
    edge.clock.offsetMs += 2_000;
    const answer = await fetch(`${edge.url}/sdk/v1.js`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("cache-control")).toContain("max-age=300");
    expect(await answer.text()).toBe(script);
  });

  it("have one address that never changes, listed with its integrity", async () => {
    const manifest = await (await fetch(`${edge.url}/sdk/manifest.json`)).text();
    const [, path = "", integrity = ""] = /"path":"([^"]+)","integrity":"([^"]+)"/.exec(manifest) ?? [];
    const answer = await fetch(edge.url + path);
    expect(answer.headers.get("cache-control")).toContain("immutable");
    const hash = createHash("sha384")
      .update(await answer.text())
      .digest("base64");
    expect(integrity).toBe(`sha384-${hash}`);

    writeFileSync(join(edge.directory, "v1.js"), `${script}// newer`);
    edge.clock.offsetMs += 2_000;
    expect(await (await fetch(`${edge.url}/sdk/v1.js`)).text()).toContain("newer");
    expect(await (await fetch(edge.url + path)).text()).toBe(script);
    expect((await fetch(`${edge.url}/sdk/0123456789abcdef.js`)).status).toBe(404);
  });

  it("are the script and the chunks it loads later, by the hash of their bytes", async () => {
    const chunk = "export const mount = 1;";
    const name = `${createHash("sha256").update(chunk).digest("hex").slice(0, 16)}.js`;
    writeFileSync(join(edge.directory, name), chunk);
    writeFileSync(join(edge.directory, "v1.js"), `${script}// newer, with a chunk`);
    edge.clock.offsetMs += 2_000;
    const answer = await fetch(`${edge.url}/sdk/${name}`);
    expect(answer.headers.get("cache-control")).toContain("immutable");
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(await answer.text()).toBe(chunk);
  });

  it("are sent compressed, and not at all when the page has them", async () => {
    const first = await fetch(`${edge.url}/sdk/v1.js`, { headers: { "accept-encoding": "br" } });
    expect(first.headers.get("content-encoding")).toBe("br");
    expect(await first.text()).toContain("newer");
    const etag = first.headers.get("etag") ?? "";
    const again = await fetch(`${edge.url}/sdk/v1.js`, { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
  });
});

describe("a preflight", () => {
  const ask = (path: string, origin: string) =>
    fetch(edge.url + path, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } });

  it.each(["https://shop.example", "https://eu.stores.example"])(
    "of the listed origin %s is granted",
    async (origin) => {
      for (const path of ["/v1/events", "/v1/recommendations", "/v1/sessions"]) {
        const answer = await ask(path, origin);
        expect(answer.status).toBe(204);
        expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
        expect(answer.headers.get("access-control-allow-methods")).toBe("POST");
        expect(answer.headers.get("access-control-allow-headers")).toBe("content-type");
      }
    },
  );

  it.each([
    "https://evil.example",
    "null",
    "https://stores.example",
    "https://a.b.stores.example",
    "http://shop.example",
  ])("of %s is answered without a grant", async (origin) => {
    const answer = await ask("/v1/events", origin);
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("is never granted for a server's route", async () => {
    const answer = await ask("/v1/items", "https://shop.example");
    expect(answer.status).toBe(405);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("is not what the SDK's own requests need: they are simple", async () => {
    const body = `EP1 ${acorn.pk} ${anonymousId()}\n{}`;
    const headers = { "content-type": "text/plain;charset=UTF-8", origin: "https://eu.stores.example" };
    edge.collector.answer = () => ({ status: 202, body: { accepted: 0 } });
    const reply = await send(`${edge.url}/v1/events`, { method: "POST", headers, body });
    expect(reply.status).toBe(202);
    expect(reply.headers.get("access-control-allow-origin")).toBe("https://eu.stores.example");
  });
});

describe("the edge", () => {
  it.each([
    ["GET", "/nothing", 404, "not_found"],
    ["GET", "/v1/events", 405, "method_not_allowed"],
    ["POST", "/v1/events?a=1", 400, "query_not_allowed"],
    ["GET", "/internal/v1/status", 404, "not_found"],
    ["GET", "/metrics", 404, "not_found"],
    ["GET", "/admin/usage", 404, "not_found"],
  ])("%s %s: %i %s", async (method, path, status, code) => {
    const reply = await send(edge.url + path, { method });
    expect([reply.status, reply.body.code]).toEqual([status, code]);
  });

  it("takes bodies as they are", async () => {
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const reply = await send(`${edge.url}/v1/events`, { method: "POST", headers, body: "x" });
    expect([reply.status, reply.body.code]).toEqual([415, "content_encoding_unsupported"]);
  });
});
