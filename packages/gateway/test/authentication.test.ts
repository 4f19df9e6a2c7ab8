import { randomBytes } from "node:crypto";
import { newKeyId } from "@endcap/protocol";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { anonymousId, bootstrap, enveloped, openSession, send, signed, startEdge } from "./support/edge.ts";
import { newShop } from "./support/tenants.ts";

const acorn = newShop();
const birch = newShop();
const strict = newShop({ settings: { noBearer: true, noBootstrap: true } });
const reader = newShop({ scopes: ["recommendations:read"] });
const ended = newShop({ secretExpiresAt: Date.now() - 1_000 });
const suspended = newShop({ state: "suspended" });
const wide = newShop({ limits: { requestsPerSecond: 100_000, burst: 100_000 } });
const edge = await startEdge([acorn, birch, strict, reader, ended, suspended, wide]);
const events = `${edge.url}/v1/events`;
const batch = { events: [{ id: "e1" }] };
const minute = 60_000;

edge.collector.answer = () => ({ status: 202, body: { accepted: 1 } });
afterEach(() => {
  edge.clock.offsetMs = 0;
});

const outcome = async (url: string, init: RequestInit) => {
  const { status, body } = await send(url, init);
  return [status, body.code];
};

describe("a server's signature", () => {
  it("is required", async () => {
    const headers = { "content-type": "application/json" };
    expect(await outcome(events, { method: "POST", headers, body: "{}" })).toEqual([401, "unauthenticated"]);
  });

  it("fails when any signed byte is changed, and reaches no upstream", async () => {
    const seen = edge.collector.seen.length;
    const body = Buffer.from(JSON.stringify(batch));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("signature-input", "signature", "content-digest", "content-type", "body"),
        fc.nat(),
        fc.integer({ min: 1, max: 127 }),
        async (field, position, flip) => {
          const init = signed(events, "POST", wide.sk, { bytes: Buffer.from(body) });
          const headers = { ...(init.headers as Record<string, string>) };
          let sent = Buffer.from(body);
          if (field === "body") {
            const at = position % sent.length;
            sent = Buffer.from(sent);
            sent[at] = (sent[at] ?? 0) ^ flip;
          } else {
            const text = headers[field] ?? "";
            const at = position % text.length;
            const changed = String.fromCharCode(text.charCodeAt(at) ^ flip);
            fc.pre(/^[\x21-\x7e]$/.test(changed));
            headers[field] = text.slice(0, at) + changed + text.slice(at + 1);
          }
          const { status, body: problem } = await send(events, { method: "POST", headers, body: sent });
          expect([400, 401, 415], `${field}: ${problem.code}`).toContain(status);
        },
      ),
      { numRuns: 300 },
    );
    expect(edge.collector.seen.length).toBe(seen);
  });

  it("covers method, path and host", async () => {
    const init = signed(events, "POST", acorn.sk, { body: batch });
    expect(await outcome(`${edge.url}/v1/recommendations`, init)).toEqual([401, "signature_invalid"]);
    const other = signed("http://other.example/v1/events", "POST", acorn.sk, { body: batch });
    expect(await outcome(events, other)).toEqual([401, "signature_invalid"]);
    const item = `${edge.url}/v1/items/x`;
    expect(await outcome(item, { ...signed(item, "GET", acorn.sk), method: "DELETE" })).toEqual([
      401,
      "signature_invalid",
    ]);
  });

  it.each([
    ["two labels", (input: string) => `${input}, other=();created=1`],
    ["another component list", (input: string) => input.replace('"@query" ', "")],
    ["another parameter", (input: string) => `${input};expires=99999999999`],
    ["another algorithm", (input: string) => input.replace("hmac-sha256", "hmac-sha512")],
    ["another tag", (input: string) => input.replace("endcap-v1", "endcap-v2")],
  ])("with %s is outside the profile", async (_name, change) => {
    const init = signed(events, "POST", acorn.sk, { body: batch });
    const headers = init.headers as Record<string, string>;
    const changed = { ...headers, "signature-input": change(headers["signature-input"] ?? "") };
    expect(await outcome(events, { ...init, headers: changed })).toEqual([400, "signature_profile"]);
  });

  it("must cover the body exactly when there is one", async () => {
    const init = signed(events, "POST", acorn.sk);
    const headers = { ...(init.headers as Record<string, string>), "content-type": "application/json" };
    expect(await outcome(events, { method: "POST", headers, body: "{}" })).toEqual([400, "signature_profile"]);
    const withBody = signed(events, "POST", acorn.sk, { body: batch });
    expect(await outcome(events, { method: "POST", headers: withBody.headers ?? {} })).toEqual([
      400,
      "signature_profile",
    ]);
  });

  it("is good for 300 seconds either way, and the answer says the server's time", async () => {
    for (const [offset, expected] of [
      [-299_000, 202],
      [299_000, 202],
      [-302_000, 401],
      [302_000, 401],
    ] as const) {
      const { status, body } = await send(
        events,
        signed(events, "POST", acorn.sk, { body: batch, now: Date.now() + offset }),
      );
      expect([offset, status]).toEqual([offset, expected]);
      if (status === 401) {
        expect(body.code).toBe("signature_expired");
        expect(Math.abs(Date.parse(String(body.serverTime)) - Date.now())).toBeLessThan(5_000);
      }
    }
  });

  it("is good once", async () => {
    const init = signed(events, "POST", acorn.sk, { body: batch });
    expect((await send(events, init)).status).toBe(202);
    expect(await outcome(events, init)).toEqual([401, "nonce_replayed"]);
    const ahead = signed(events, "POST", acorn.sk, { body: batch, now: Date.now() + 290_000 });
    expect((await send(events, ahead)).status).toBe(202);
    edge.clock.offsetMs = 9 * minute;
    expect(await outcome(events, ahead)).toEqual([401, "nonce_replayed"]);
  });

  it("is not used up by an altered copy", async () => {
    const init = signed(events, "POST", acorn.sk, { body: batch });
    expect(await outcome(events, { ...init, body: `${JSON.stringify(batch)} ` })).toEqual([401, "digest_mismatch"]);
    expect((await send(events, init)).status).toBe(202);
  });
});

describe("a key", () => {
  const unknown = newKeyId("secret", "live", (bytes) => crypto.getRandomValues(bytes));
  it.each([
    ["unknown", { ...acorn.sk, id: unknown }, 401, "key_unknown"],
    [
      "malformed",
      { ...acorn.sk, id: `${acorn.sk.id.slice(0, -1)}${acorn.sk.id.endsWith("a") ? "b" : "a"}` },
      401,
      "key_malformed",
    ],
    ["publishable", { ...acorn.sk, id: acorn.pk }, 401, "key_unknown"],
    ["another tenant's", { ...acorn.sk, id: birch.sk.id }, 401, "signature_invalid"],
    ["past its end", ended.sk, 401, "key_expired"],
    ["of a suspended tenant", suspended.sk, 403, "tenant_suspended"],
    ["without the scope", reader.sk, 403, "scope_missing"],
  ])("that is %s: refused", async (_name, sk, status, code) => {
    expect(await outcome(events, signed(events, "POST", sk, { body: batch }))).toEqual([status, code]);
  });

  it("is gone the moment control says so", async () => {
    const shop = newShop();
    edge.control.push({ shops: [shop] });
    await edge.settled();
    expect((await send(events, signed(events, "POST", shop.sk, { body: batch }))).status).toBe(202);
    const keys = shop.tenant.keys.filter(({ kind }) => kind !== "secret");
    edge.control.push({ shops: [{ ...shop, tenant: { ...shop.tenant, keys } }] });
    await edge.settled();
    expect(await outcome(events, signed(events, "POST", shop.sk, { body: batch }))).toEqual([401, "key_unknown"]);
    edge.control.push({ removedTenants: [shop.tenant.id] });
    await edge.settled();
    expect(await outcome(events, bootstrap(shop, batch))).toEqual([401, "key_unknown"]);
  });
});

describe("a bearer secret", () => {
  const bearer = (text: string, scheme = "Bearer") => ({
    method: "POST",
    headers: { authorization: `${scheme} ${text}`, "content-type": "application/json" },
    body: "{}",
  });
  it("must be the key's own", async () => {
    const wrong = randomBytes(32).toString("base64url");
    expect(await outcome(events, bearer(`${acorn.sk.id}.${acorn.sk.secret}`))).toEqual([202, undefined]);
    expect(await outcome(events, bearer(`${acorn.sk.id}.${wrong}`))).toEqual([401, "signature_invalid"]);
    expect(await outcome(events, bearer(`${acorn.sk.id}.${birch.sk.secret}`))).toEqual([401, "signature_invalid"]);
    expect(await outcome(events, bearer(acorn.sk.id))).toEqual([401, "key_malformed"]);
  });
  it("is one in whatever case its scheme is written, and its key id in one", async () => {
    const own = `${acorn.sk.id}.${acorn.sk.secret}`;
    for (const scheme of ["bearer", "BEARER"])
      expect(await outcome(events, bearer(own, scheme))).toEqual([202, undefined]);
    const loud = `${acorn.sk.id.toUpperCase()}.${acorn.sk.secret}`;
    expect(await outcome(events, bearer(loud))).toEqual([401, "key_malformed"]);
    expect(await outcome(events, bearer(own, "Basic"))).toEqual([401, "unauthenticated"]);
  });
  it("is refused where the tenant says so", async () => {
    expect(await outcome(events, bearer(`${strict.sk.id}.${strict.sk.secret}`))).toEqual([401, "bearer_disabled"]);
  });
});

describe("a bootstrap envelope", () => {
  const envelope = (line: string, origin = acorn.origin) => ({
    method: "POST",
    headers: { "content-type": "text/plain;charset=UTF-8", origin },
    body: `${line}\n{"events":[]}`,
  });
  it.each([
    ["no envelope at all", envelope("hello"), 400, "envelope_malformed"],
    ["no line end", { ...envelope(""), body: "EP1 x y" }, 400, "envelope_malformed"],
    ["an unknown form", envelope(`EP2 ${acorn.pk} ${anonymousId()}`), 400, "envelope_malformed"],
    ["an anonymous id that is none", envelope(`EP1 ${acorn.pk} somebody`), 400, "envelope_malformed"],
    ["a malformed key", envelope(`EP1 pk_live_x ${anonymousId()}`), 401, "key_malformed"],
    ["a secret key", envelope(`EP1 ${acorn.sk.id} ${anonymousId()}`), 401, "key_unknown"],
    ["another shop's page", bootstrap({ pk: acorn.pk, origin: birch.origin }, batch), 403, "origin_denied"],
    ["no origin", bootstrap({ pk: acorn.pk, origin: "" }, batch), 403, "origin_denied"],
    ["a tenant that wants sessions", bootstrap(strict, batch), 401, "bootstrap_disabled"],
    ["a suspended tenant", bootstrap(suspended, batch), 403, "tenant_suspended"],
  ])("with %s: refused", async (_name, init, status, code) => {
    expect(await outcome(events, init)).toEqual([status, code]);
  });

  it("is readable by the shop's page when it is refused, and by nobody else", async () => {
    const own = await send(events, bootstrap(strict, batch));
    expect(own.headers.get("access-control-allow-origin")).toBe(strict.origin);
    const foreign = await send(events, bootstrap({ pk: acorn.pk, origin: birch.origin }, batch));
    expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("opens no route but events and recommendations", async () => {
    for (const [method, path] of [
      ["PUT", "/v1/items"],
      ["POST", "/v1/recommenders/for_you"],
      ["PUT", "/v1/imports/i/parts/1"],
    ] as const) {
      const init = { ...bootstrap(acorn, batch), method };
      expect(await outcome(edge.url + path, init)).toEqual([415, "content_type_unsupported"]);
    }
  });
});

describe("a signed envelope", () => {
  it("fails when any byte of it or of the payload is changed", async () => {
    const session = await openSession(edge, wide);
    const good = String(enveloped(wide.origin, "/v1/events", session, batch).body);
    const seen = edge.collector.seen.length;
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: good.length - 1 }), fc.constantFrom(..."aZ0 .-_{"), async (at, letter) => {
        fc.pre(good[at] !== letter);
        const body = good.slice(0, at) + letter + good.slice(at + 1);
        const init = { ...enveloped(wide.origin, "/v1/events", session, batch), body };
        const { status } = await send(events, init);
        expect([400, 401]).toContain(status);
      }),
      { numRuns: 300 },
    );
    expect(edge.collector.seen.length).toBe(seen);
  });

  it("knows one spelling of a token", async () => {
    const session = await openSession(edge, acorn);
    const last = session.token.at(-1) as string;
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // 32 bytes leave two bits over in the last letter: its neighbours decode to the same bytes.
    const twin = alphabet[alphabet.indexOf(last) ^ 1] as string;
    const respelled = { ...session, token: session.token.slice(0, -1) + twin };
    expect(await outcome(events, enveloped(acorn.origin, "/v1/events", respelled, batch))).toEqual([
      401,
      "session_invalid",
    ]);
  });

  it("is bound to its path, its page and its session", async () => {
    const session = await openSession(edge, acorn);
    const other = await openSession(edge, acorn);
    const init = enveloped(acorn.origin, "/v1/recommendations", session, batch);
    expect(await outcome(events, init)).toEqual([401, "signature_invalid"]);
    const elsewhere = enveloped(birch.origin, "/v1/events", session, batch);
    expect(await outcome(events, elsewhere)).toEqual([403, "origin_denied"]);
    const mixed = enveloped(acorn.origin, "/v1/events", { ...session, signingKey: other.signingKey }, batch);
    expect(await outcome(events, mixed)).toEqual([401, "signature_invalid"]);
  });

  it("delivers a frozen batch for 7 days, and a recommendation only while the session lives", async () => {
    const session = await openSession(edge, acorn);
    const frozen = Date.now();
    const late = () => enveloped(acorn.origin, "/v1/events", session, batch, frozen);
    edge.clock.offsetMs = 6.9 * 24 * 60 * minute;
    expect((await send(events, late())).status).toBe(202);
    edge.clock.offsetMs = 7.1 * 24 * 60 * minute;
    expect(await outcome(events, late())).toEqual([400, "clock_behind"]);

    edge.clock.offsetMs = 20 * minute;
    const now = frozen + 20 * minute;
    const path = "/v1/recommendations";
    expect(await outcome(edge.url + path, enveloped(acorn.origin, path, session, {}, now))).toEqual([
      401,
      "session_expired",
    ]);
    expect(await outcome(events, enveloped(acorn.origin, "/v1/events", session, batch, now))).toEqual([
      401,
      "session_expired",
    ]);
  });

  it("has a clock: ahead and behind are told apart", async () => {
    const session = await openSession(edge, acorn);
    const ahead = enveloped(acorn.origin, "/v1/events", session, batch, Date.now() + 6 * minute);
    expect(await outcome(events, ahead)).toEqual([400, "clock_ahead"]);
    const path = "/v1/recommendations";
    const old = enveloped(acorn.origin, path, session, {}, Date.now() - 6 * minute);
    expect(await outcome(edge.url + path, old)).toEqual([401, "signature_expired"]);
  });

  it("ends when its session is revoked, its key goes or its session key is withdrawn", async () => {
    const shop = newShop();
    edge.control.push({ shops: [shop] });
    await edge.settled();
    const use = async (session: Awaited<ReturnType<typeof openSession>>) =>
      outcome(events, enveloped(shop.origin, "/v1/events", session, batch));

    const session = await openSession(edge, shop);
    expect(await use(session)).toEqual([202, undefined]);
    const { jti } = JSON.parse(Buffer.from(session.token.split(".")[1] ?? "", "base64url").toString());
    edge.control.push({ revokedSessions: [{ jti, until: Date.now() + 8 * 24 * 60 * minute }] });
    await edge.settled();
    expect(await use(session)).toEqual([401, "session_revoked"]);

    const second = await openSession(edge, shop);
    const keys = shop.tenant.keys.filter(({ kind }) => kind !== "publishable");
    edge.control.push({ shops: [{ ...shop, tenant: { ...shop.tenant, keys } }] });
    await edge.settled();
    expect(await use(second)).toEqual([401, "session_revoked"]);

    const sessions = [{ generation: "g2", key: randomBytes(32).toString("base64url") }];
    edge.control.push({ shops: [{ ...shop, secrets: { ...shop.secrets, sessions } }] });
    await edge.settled();
    expect(await use(second)).toEqual([401, "session_invalid"]);
  });

  it("of another tenant's making is refused", async () => {
    const session = await openSession(edge, birch);
    const claims = JSON.parse(Buffer.from(session.token.split(".")[1] ?? "", "base64url").toString());
    const forged = Buffer.from(
      JSON.stringify({ ...claims, tenant: acorn.tenant.id, key: acorn.pk, origin: acorn.origin }),
    );
    const [head, , tail] = session.token.split(".");
    const token = `${head}.${forged.toString("base64url")}.${tail}`;
    const init = enveloped(acorn.origin, "/v1/events", { ...session, token }, batch);
    expect(await outcome(events, init)).toEqual([401, "session_invalid"]);
  });
});
