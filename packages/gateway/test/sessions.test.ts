import { SignJWT } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { anonymousId, enveloped, openSession, type Reply, send, startEdge } from "./support/edge.ts";
import { newShop, type SecretKey, type Shop } from "./support/tenants.ts";

const acorn = newShop();
const birch = newShop();
const mute = newShop({ scopes: ["events:write"] });
const hosted = newShop({ endpoint: "https://edge.birch.example" });
const edge = await startEdge([acorn, birch, mute, hosted]);
const sessions = `${edge.url}/v1/sessions`;

edge.collector.answer = ({ method }) =>
  method === "PART" ? { status: 202, body: { accepted: 1 } } : { status: 200, body: { result: "stored" } };
afterEach(() => {
  edge.clock.offsetMs = 0;
});

const links = () => edge.collector.seen.filter(({ url }) => url === "/internal/v1/links");

function userToken(sk: SecretKey, claims: Record<string, unknown> = {}, seconds = 3_600): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  return new SignJWT({ sub: "user-1", iat, exp: iat + seconds, ...claims })
    .setProtectedHeader({ alg: "HS256", kid: sk.id })
    .sign(sk.identity);
}

function open(shop: Shop, body: Record<string, unknown>, headers: Record<string, string> = {}): Promise<Reply> {
  return send(sessions, {
    method: "POST",
    headers: { "content-type": "text/plain;charset=UTF-8", origin: shop.origin, ...headers },
    body: JSON.stringify({ key: shop.pk, ...body }),
  });
}

async function principalOf(shop: Shop, reply: Reply) {
  const { session } = reply.body;
  if (session === undefined) throw new Error(`no session: ${JSON.stringify(reply.body)}`);
  await send(`${edge.url}/v1/events`, enveloped(shop.origin, "/v1/events", session, { events: [] }));
  return edge.collector.seen.at(-1)?.principal;
}

describe("200", () => {
  it("an anonymous session, with or without an id of the page's own", async () => {
    const anonymous = anonymousId();
    const reply = await open(acorn, { anonymousId: anonymous });
    expect(reply.status).toBe(200);
    expect(reply.body).not.toHaveProperty("userId");
    expect(reply.headers.get("access-control-allow-origin")).toBe(acorn.origin);
    expect(await principalOf(acorn, reply)).toMatchObject({ auth: "ec1", anonymousId: anonymous });
    const fresh = await principalOf(acorn, await open(acorn, {}));
    expect(fresh?.anonymousId).toMatch(/^a_/);
    expect(links()).toEqual([]);
  });

  it("pages of a shop's two origins may each read their own answers", async () => {
    const first = newShop({ origins: ["https://a.two.example", "https://b.two.example"] });
    edge.control.push({ shops: [first] });
    await edge.settled();
    const pages = await Promise.all(
      ["https://a.two.example", "https://b.two.example"].map(async (origin) => {
        const page = { ...first, origin };
        return { page, session: await openSession(edge, page) };
      }),
    );
    for (const { page, session } of [...pages, ...pages]) {
      const signed = await send(`${edge.url}/v1/events`, enveloped(page.origin, "/v1/events", session, { events: [] }));
      for (const { status, headers } of [signed, await open(page, {})]) {
        expect([status < 300, headers.get("access-control-allow-origin")]).toEqual([true, page.origin]);
      }
    }
  });

  it("signed in under the anonymous session's envelope: both ids are proven, and linked once", async () => {
    const anonymous = anonymousId();
    const session = await openSession(edge, acorn, anonymous);
    const before = links().length;
    for (let n = 0; n < 2; n++) {
      const payload = { key: acorn.pk, userToken: await userToken(acorn.sk) };
      const reply = await send(sessions, enveloped(acorn.origin, "/v1/sessions", session, payload));
      expect(reply).toMatchObject({ status: 200, body: { userId: "user-1" } });
      expect(await principalOf(acorn, reply)).toMatchObject({ anonymousId: anonymous, userId: "user-1" });
    }
    const written = links().slice(before);
    expect(written).toHaveLength(1);
    expect(JSON.parse(written[0]?.body ?? "")).toMatchObject({ anonymousId: anonymous, userId: "user-1" });
    expect(written[0]?.principal).toMatchObject({ tenant: acorn.tenant.id, anonymousId: anonymous, userId: "user-1" });
  });

  it("a user token that names the page's id proves it as well", async () => {
    const anonymous = anonymousId();
    const before = links().length;
    const token = await userToken(acorn.sk, { anonymousId: anonymous, sub: "user-2" });
    expect((await open(acorn, { anonymousId: anonymous, userToken: token })).status).toBe(200);
    expect(links().length).toBe(before + 1);
  });

  it("an id that the page only claims is not linked", async () => {
    const before = links().length;
    const reply = await open(acorn, {
      anonymousId: anonymousId(),
      userToken: await userToken(acorn.sk, { sub: "user-3" }),
    });
    expect(reply.status).toBe(200);
    expect(links().length).toBe(before);
  });

  it("names the tenant's own host when it has one", async () => {
    expect((await open(hosted, {})).body.session?.endpoint).toBe("https://edge.birch.example");
    expect((await open(acorn, {})).body.session?.endpoint).toBe(edge.url);
  });
});

describe("400", () => {
  it.each([
    ["no body", "", "body_missing"],
    ["no JSON", "{", "invalid_json"],
    ["no key", "{}", "invalid_request"],
    ["a field too many", JSON.stringify({ key: acorn.pk, admin: true }), "invalid_request"],
    ["an id that is none", JSON.stringify({ key: acorn.pk, anonymousId: "me" }), "invalid_request"],
    ["a bootstrap envelope", `EP1 ${acorn.pk} ${anonymousId()}\n{}`, "envelope_malformed"],
  ])("%s", async (_name, body, code) => {
    const headers = { "content-type": "text/plain", origin: acorn.origin };
    const reply = await send(sessions, { method: "POST", headers, body });
    expect([reply.status, reply.body.code]).toEqual([400, code]);
  });
});

describe("401", () => {
  const now = Math.floor(Date.now() / 1000);
  it.each([
    ["another shop's", () => userToken(birch.sk)],
    ["signed by another shop in this one's name", () => userToken({ ...birch.sk, id: acorn.sk.id })],
    ["past its end", () => userToken(acorn.sk, { iat: now - 7_200 }, -3_600)],
    ["longer-lived than 24 hours", () => userToken(acorn.sk, {}, 25 * 3_600)],
    ["without a subject", () => userToken(acorn.sk, { sub: undefined })],
    ["no token", async () => "x.y.z"],
  ])("a user token that is %s", async (_name, token) => {
    const reply = await open(acorn, { userToken: await token() });
    expect([reply.status, reply.body.code]).toEqual([401, "user_token_invalid"]);
    expect(reply.body).not.toHaveProperty("session");
  });

  it("a user token under a key that may not sign identities", async () => {
    expect((await open(mute, { userToken: await userToken(mute.sk) })).body.code).toBe("user_token_invalid");
  });

  it("an expired anonymous session", async () => {
    const session = await openSession(edge, acorn);
    edge.clock.offsetMs = 17 * 60_000;
    const late = Date.now() + edge.clock.offsetMs;
    const reply = await send(sessions, enveloped(acorn.origin, "/v1/sessions", session, { key: acorn.pk }, late));
    expect([reply.status, reply.body.code]).toEqual([401, "session_expired"]);
  });

  it("another tenant's session", async () => {
    const both = newShop({ origins: [acorn.origin] });
    edge.control.push({ shops: [both] });
    await edge.settled();
    const session = await openSession(edge, { ...both, origin: acorn.origin });
    const reply = await send(sessions, enveloped(acorn.origin, "/v1/sessions", session, { key: acorn.pk }));
    expect([reply.status, reply.body.code]).toEqual([401, "session_invalid"]);
  });
});

describe("403", () => {
  it("a page that is not the shop's", async () => {
    const reply = await open(acorn, {}, { origin: birch.origin });
    expect([reply.status, reply.body.code]).toEqual([403, "origin_denied"]);
    expect(reply.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("502", () => {
  it("a sign-in whose link cannot be stored is not answered as if it were", async () => {
    const anonymous = anonymousId();
    const token = await userToken(acorn.sk, { anonymousId: anonymous, sub: "user-9" });
    const answer = edge.collector.answer;
    edge.collector.answer = () => ({ status: 500, body: "boom at /srv/collector.js:12" });
    const refused = await open(acorn, { anonymousId: anonymous, userToken: token });
    expect([refused.status, refused.body.code]).toEqual([502, "upstream_invalid"]);
    edge.collector.answer = answer;
    expect((await open(acorn, { anonymousId: anonymous, userToken: token })).status).toBe(200);
  });
});
