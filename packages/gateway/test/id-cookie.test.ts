import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { anonymousId, startEdge } from "./support/edge.ts";
import { newShop, type Shop } from "./support/tenants.ts";

const host = "edge.shop.example";
const endpoint = `https://${host}`;
const acorn = newShop({ endpoint, settings: { idCookie: true } });
const birch = newShop({ endpoint });
const edge = await startEdge([acorn, birch]);

interface Answer {
  readonly status: number;
  readonly cookie: string | undefined;
  readonly credentials: string | undefined;
  /** Whose session it is, from the token. */
  readonly sub: string;
}

/** By node:http, for fetch sets neither Host nor Cookie. */
function open(shop: Shop, fields: { host?: string; cookie?: string; id?: string } = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = {
    host: fields.host ?? host,
    origin: shop.origin,
    "content-type": "text/plain;charset=UTF-8",
    ...(fields.cookie !== undefined && { cookie: fields.cookie }),
  };
  const call = request(`${edge.url}/v1/sessions`, { method: "POST", headers }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => {
      const { session } = JSON.parse(Buffer.concat(chunks).toString());
      const [, claims = ""] = session.token.split(".");
      resolve({
        status: response.statusCode ?? 0,
        cookie: response.headers["set-cookie"]?.join("\n"),
        credentials: response.headers["access-control-allow-credentials"],
        sub: JSON.parse(Buffer.from(claims, "base64url").toString()).sub,
      });
    });
  });
  call.on("error", reject);
  call.end(JSON.stringify({ key: shop.pk, ...(fields.id !== undefined && { anonymousId: fields.id }) }));
  return promise;
}

const cookieOf = (id: string) => `__Host-endcap-id=${id}`;
const written = (id: string) => `${cookieOf(id)}; Max-Age=34560000; Path=/; Secure; HttpOnly; SameSite=Lax`;

describe("on the tenant's own host", () => {
  it("a new shopper gets the cookie, byte for byte", async () => {
    const { status, cookie, credentials, sub } = await open(acorn);
    expect(status).toBe(200);
    expect(cookie).toBe(written(sub));
    expect(credentials).toBe("true");
  });

  it("a page that lost its storage gets its id back, among cookies of the shop", async () => {
    const id = anonymousId();
    const { sub, cookie } = await open(acorn, { cookie: `basket=1; ${cookieOf(id)}; theme=dark` });
    expect(sub).toBe(id);
    expect(cookie).toBe(written(id));
  });

  it("an id that the page names replaces the cookie's", async () => {
    const [old, fresh] = [anonymousId(), anonymousId()];
    const { sub, cookie } = await open(acorn, { cookie: cookieOf(old), id: fresh });
    expect(sub).toBe(fresh);
    expect(cookie).toBe(written(fresh));
  });

  it.each([
    ["two of them", `${cookieOf(anonymousId())}; ${cookieOf(anonymousId())}`],
    ["one of another form", cookieOf("a_short")],
    ["one with more behind it", `${cookieOf(anonymousId())}\u0020x`],
    ["one under another name", `endcap-id=${anonymousId()}`],
  ])("%s count as none", async (_name, cookie) => {
    const { sub, cookie: set } = await open(acorn, { cookie });
    expect(cookie).not.toContain(sub);
    expect(set).toBe(written(sub));
  });
});

it.each([
  ["without the setting", birch, host],
  ["on another host", acorn, "gateway.example"],
])("%s nothing is read or set", async (_name, shop, called) => {
  const id = anonymousId();
  const { sub, cookie, credentials } = await open(shop, { host: called, cookie: cookieOf(id) });
  expect(sub).not.toBe(id);
  expect(cookie).toBeUndefined();
  expect(credentials).toBeUndefined();
});
