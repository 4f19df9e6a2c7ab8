import { globSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { ERRORS, type ErrorCode, isErrorCode, newKeyId } from "@endcap/protocol";
import { expect, it, onTestFinished } from "vitest";
import { anonymousId, bootstrap, enveloped, openSession, send, signed, startEdge } from "./support/edge.ts";
import { bearer } from "./support/flood.ts";
import { newShop, type Shop } from "./support/tenants.ts";

const acorn = newShop();
const birch = newShop();
const strict = newShop({ settings: { noBearer: true, noBootstrap: true } });
const powerless = newShop({ scopes: ["identity:sign"] });
const ended = newShop({ secretExpiresAt: Date.now() - 1_000 });
const suspended = newShop({ state: "suspended" });
const small = newShop({ limits: { bodyBytesMax: 1_024 } });
const quick = newShop({ limits: { requestsPerSecond: 1, burst: 1 } });
const full = newShop({ limits: { eventsPerMonth: 1 } });
const narrow = newShop({ limits: { inFlightMax: 1 } });
const shops = [acorn, birch, strict, powerless, ended, suspended, small, quick, full, narrow];
const edge = await startEdge(shops, { ENDCAP_GATEWAY_REQUEST_MS_MAX: "1000" });
edge.collector.answer = () => ({ status: 202, body: { accepted: 1, duplicates: 0, rejected: [] } });

const at = (path: string) => edge.url + path;
const [events, sessions] = [at("/v1/events"), at("/v1/sessions")];
const batch = { events: [{ id: "e1" }] };
const day = 86_400_000;
const plain = { "content-type": "text/plain;charset=UTF-8" };
const session = await openSession(edge, acorn);
const otherSession = await openSession(edge, birch);

const by = (shop: Shop, more: Parameters<typeof signed>[3] = {}, url = events) =>
  signed(url, "POST", shop.sk, { body: batch, ...more });
const page = (path = "/v1/events", ms = Date.now(), payload: object = batch) =>
  enveloped(acorn.origin, path, session, payload, ms);
const fieldsOf = (init: RequestInit) => init.headers as Record<string, string>;
const withFields = (init: RequestInit, fields: Record<string, string>) => ({
  ...init,
  headers: { ...fieldsOf(init), ...fields },
});
const bodyOf = (init: RequestInit) => String(init.body);
const change = (text: string) => text.slice(0, -2) + (text.at(-2) === "A" ? "B" : "A") + text.slice(-1);

/** What is sent: a request, or the bytes of one. */
type Bad = string | { readonly url: string; readonly init: RequestInit };
type Row = readonly [what: string, status: number, code: ErrorCode, make: () => Bad | Promise<Bad>];

const post = (init: RequestInit, url = events): Bad => ({ url, init });
const raw = (...fields: string[]) =>
  `POST /v1/events HTTP/1.1\r\n${["host: edge", "content-type: application/json", ...fields].join("\r\n")}\r\n\r\n`;

const rows: readonly Row[] = [
  // Malformed
  ["what is no HTTP", 400, "header_invalid", () => "SSH-2.0-OpenSSH\r\n\r\n"],
  ["a null byte in a header", 400, "header_invalid", () => raw("x-odd: a\0b")],
  ["no Host", 400, "header_invalid", () => "GET /v1/items/a HTTP/1.1\r\n\r\n"],
  ["a request that stops half-way", 408, "request_timeout", () => raw("content-length: 9").slice(0, -4)],
  ["an unknown path", 404, "not_found", () => post(by(acorn), at("/v2/events"))],
  ["an unknown method", 405, "method_not_allowed", () => post({ ...by(acorn), method: "PATCH" })],
  ["a query", 400, "query_not_allowed", () => post(by(acorn), `${events}?a=1`)],
  [
    "an escaped letter in the path",
    400,
    "path_not_canonical",
    () => "GET /v1/items/%61 HTTP/1.1\r\nhost: edge\r\n\r\n",
  ],
  ["no body", 400, "body_missing", () => post({ method: "POST", headers: { authorization: bearer(acorn) } })],
  [
    "a body where none belongs",
    400,
    "invalid_request",
    () => `GET /v1/items/a HTTP/1.1\r\nhost: edge\r\nauthorization: ${bearer(acorn)}\r\ncontent-length: 2\r\n\r\n{}`,
  ],
  ["another type of content", 415, "content_type_unsupported", () => post(by(acorn, { contentType: "text/csv" }))],
  [
    "a compressed body",
    415,
    "content_encoding_unsupported",
    () => post(withFields(by(acorn), { "content-encoding": "gzip" })),
  ],
  ["a session request that is no JSON", 400, "invalid_json", () => post(bootstrapOf("{"), sessions)],
  ["an envelope of no form", 400, "envelope_malformed", () => post({ ...page(), body: "EC9 x\n{}" })],
  [
    "a signature outside the profile",
    400,
    "signature_profile",
    () => post(withFields(by(acorn), { "signature-input": "endcap=()" })),
  ],
  // Smuggled
  [
    "two ways to say the length",
    400,
    "framing_invalid",
    () => `${raw("content-length: 4", "transfer-encoding: chunked")}0\r\n\r\n`,
  ],
  ["two lengths", 400, "framing_invalid", () => `${raw("content-length: 4", "content-length: 2")}{}{}`],
  ["an unknown transfer encoding", 400, "framing_invalid", () => raw("transfer-encoding: xchunked")],
  [
    "a chunk without a size",
    400,
    "framing_invalid",
    () => `${raw(`authorization: ${bearer(acorn)}`, "transfer-encoding: chunked")}zz\r\n`,
  ],
  // Oversize
  ["headers", 431, "headers_too_large", () => raw(`x-large: ${"y".repeat(20_000)}`)],
  [
    "an announced body",
    413,
    "body_too_large",
    () => `${raw(`authorization: ${bearer(acorn)}`, "content-length: 99999999")}{`,
  ],
  [
    "a body past the tenant's own bound",
    413,
    "body_too_large",
    () => post(by(small, { body: { events: "x".repeat(2_000) } })),
  ],
  // Unsigned, or signed by nobody
  ["no credentials", 401, "unauthenticated", () => raw("content-length: 2")],
  ["a key id that is none", 401, "key_malformed", () => raw("authorization: Bearer sk_live_x.y", "content-length: 2")],
  [
    "a key that nobody has",
    401,
    "key_unknown",
    () => post(bootstrap({ pk: strangersKey, origin: acorn.origin }, batch)),
  ],
  ["a key that ended", 401, "key_expired", () => post(by(ended))],
  [
    "a changed signature",
    401,
    "signature_invalid",
    () => post(withFields(by(acorn), { signature: fieldsOf(by(acorn)).signature ?? "" })),
  ],
  ["a changed body", 401, "digest_mismatch", () => post({ ...by(acorn), body: "{}" })],
  [
    "a changed token",
    401,
    "session_invalid",
    () => post({ ...page(), body: bodyOf(page()).replace(session.token, change(session.token)) }),
  ],
  ["a changed payload", 401, "signature_invalid", () => post({ ...page(), body: `${bodyOf(page())} ` })],
  [
    "a user token that nobody signed",
    401,
    "user_token_invalid",
    () => post(bootstrapOf({ key: acorn.pk, userToken: "e30.e30.e30" }), sessions),
  ],
  // Stale
  ["a signature of six minutes ago", 401, "signature_expired", () => post(by(acorn, { now: Date.now() - 360_000 }))],
  [
    "a page's call of six minutes ago",
    401,
    "signature_expired",
    () => post(page("/v1/recommendations", Date.now() - 360_000), at("/v1/recommendations")),
  ],
  ["a batch of eight days ago", 400, "clock_behind", () => post(page("/v1/events", Date.now() - 8 * day))],
  ["a batch of tomorrow", 400, "clock_ahead", () => post(page("/v1/events", Date.now() + 600_000))],
  [
    "a batch frozen after its session",
    401,
    "session_expired",
    () => {
      edge.clock.offsetMs = day;
      return post(page("/v1/events", Date.now() + day));
    },
  ],
  // Replayed
  [
    "a server's request, sent again",
    401,
    "nonce_replayed",
    async () => {
      const init = by(acorn);
      expect((await send(events, init)).status).toBe(202);
      return post(init);
    },
  ],
  // Another tenant's
  [
    "another tenant's secret",
    401,
    "signature_invalid",
    () => post(signed(events, "POST", { ...acorn.sk, request: birch.sk.request }, { body: batch })),
  ],
  ["another tenant's page", 403, "origin_denied", () => post(bootstrap({ pk: acorn.pk, origin: birch.origin }, batch))],
  [
    "another tenant's session",
    403,
    "origin_denied",
    () => post(enveloped(acorn.origin, "/v1/events", otherSession, batch)),
  ],
  [
    "a session that was revoked",
    401,
    "session_revoked",
    async () => {
      const gone = await openSession(edge, acorn);
      const [, claims = ""] = gone.token.split(".");
      const { jti } = JSON.parse(Buffer.from(claims, "base64url").toString());
      edge.control.push({ revokedSessions: [{ jti, until: Date.now() + day }] });
      await edge.settled();
      return post(enveloped(acorn.origin, "/v1/events", gone, batch));
    },
  ],
  ["a key without the scope", 403, "scope_missing", () => post(by(powerless))],
  ["a tenant that is suspended", 403, "tenant_suspended", () => post(by(suspended))],
  [
    "a bearer where none is taken",
    401,
    "bearer_disabled",
    () => raw(`authorization: ${bearer(strict)}`, "content-length: 2"),
  ],
  ["a bootstrap where none is taken", 401, "bootstrap_disabled", () => post(bootstrap(strict, batch))],
  // Too much
  [
    "past the rate",
    429,
    "rate_limited",
    async () => {
      await send(events, by(quick));
      return post(by(quick));
    },
  ],
  [
    "past the requests in flight",
    429,
    "concurrency_limited",
    async () => {
      const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
      const { promise: gate, resolve: open } = Promise.withResolvers<void>();
      edge.ml.answer = async () => {
        arrive();
        await gate;
        return { status: 200, body: {} };
      };
      const lists = at("/v1/recommendations");
      const first = send(lists, by(narrow, {}, lists));
      onTestFinished(async () => {
        open();
        await first;
      });
      await arrived;
      return post(by(narrow));
    },
  ],
  [
    "past the month",
    429,
    "quota_exceeded",
    async () => {
      await send(events, by(full));
      return post(by(full));
    },
  ],
];

const strangersKey = newKeyId("publishable", "live", (bytes) => crypto.getRandomValues(bytes));

function bootstrapOf(body: object | string): RequestInit {
  const text = typeof body === "string" ? body : JSON.stringify({ anonymousId: anonymousId(), ...body });
  return { method: "POST", headers: { ...plain, origin: acorn.origin }, body: text };
}

/** The first answer to raw bytes. */
function exchange(text: string): Promise<{ status: number; code: string }> {
  const { hostname, port } = new URL(edge.url);
  return new Promise((resolve, reject) => {
    let told = "";
    const socket = connect(Number(port), hostname, () => socket.write(text, "latin1"));
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      told += chunk;
      const [head = "", body = ""] = told.split("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (!(body.length >= length)) return;
      socket.destroy();
      resolve({ status: Number(head.split(" ")[1]), code: JSON.parse(body).code });
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`closed after ${JSON.stringify(told)}`)));
  });
}

it.each(rows)("%s: %i %s", async (_what, status, code, make) => {
  onTestFinished(() => {
    edge.clock.offsetMs = 0;
  });
  const bad = await make();
  const seenBy = () => [edge.collector, edge.ml, edge.recommender].reduce((sum, { seen }) => sum + seen.length, 0);
  const before = seenBy();
  if (typeof bad === "string") expect(await exchange(bad)).toEqual({ status, code });
  else {
    const { status: told, body, headers } = await send(bad.url, bad.init);
    expect([told, body.code]).toEqual([status, code]);
    expect(headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ status, title: expect.any(String), instance: expect.stringMatching(/^req_/) });
  }
  expect(seenBy()).toBe(before);
});

/** Told by the gateway, but not for what somebody sent. */
const othersDoing: readonly ErrorCode[] = [
  "config_invalid",
  "internal",
  "not_ready",
  "overloaded",
  "storage_full",
  "upstream_invalid",
  "upstream_timeout",
  "upstream_unavailable",
];
/** Of those, what no caller is ever answered: the process ends, or the usage log says it to its keeper. */
const startOrDiskOnly: readonly ErrorCode[] = ["config_invalid", "storage_full"];
/** On the admin port, and between our own processes. */
const insideOnly: readonly ErrorCode[] = ["tenant_not_found", "internal_token_invalid", "tenant_forbidden"];

it("every code has its line in docs/gateway.md, from the code to what to check", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/gateway.md"), "utf8");
  const [, section = ""] = page.split("## When something fails\n");
  const lines = (section.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("|"));
  const answered = [
    ...rows.map(([, , code]) => code),
    ...othersDoing.filter((code) => !startOrDiskOnly.includes(code)),
  ];
  const missing = answered.filter((code) => !lines.some((row) => row.includes(`\`${ERRORS[code].status} ${code}\``)));
  expect(missing).toEqual([]);
  expect(
    lines.every((row) =>
      row.split("|").every((cell, at, { length }) => at === 0 || at === length - 1 || cell.trim() !== ""),
    ),
  ).toBe(true);
});

it("no code that the gateway gives to a caller is missing above", () => {
  const sources = globSync("**/*.ts", { cwd: join(import.meta.dirname, "../src") });
  const named = sources.flatMap((file) => {
    const text = readFileSync(join(import.meta.dirname, "../src", file), "utf8");
    return [...text.matchAll(/new EndcapError\("([a-z_]+)"/g)].map(([, code = ""]) => code);
  });
  const given = new Set(named.filter(isErrorCode));
  for (const code of [...othersDoing, ...insideOnly]) given.delete(code);
  expect(given.size).toBeGreaterThan(25);
  const shown = new Set<string>(rows.map(([, , code]) => code));
  expect([...given].filter((code) => !shown.has(code))).toEqual([]);
});
