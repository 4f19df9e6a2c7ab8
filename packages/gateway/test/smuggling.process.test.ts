import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startEdge } from "./support/edge.ts";
import { bearer } from "./support/flood.ts";
import { type Running, startProcess } from "./support/processes.ts";
import { exchangeBytes } from "./support/raw-exchange.ts";
import { type Recorded, type RecordingUpstream, startRecordingUpstream } from "./support/recording-upstream.ts";
import { newShop } from "./support/tenants.ts";
import { readHttp } from "./vector-readers/http.ts";

const limits = { requestsPerSecond: 100_000, burst: 200_000 };
const shop = newShop({ limits, routes: { collector: "recording", ml: "recording", recommender: null } });
const victim = newShop({ limits, routes: { collector: "recording", ml: "recording", recommender: null } });
const edge = await startEdge([shop, victim]);

const vectors = join(import.meta.dirname, "vectors/http");

const own = `authorization: ${bearer(shop)}`;
const json = "content-type: application/json";
const head = (line: string, ...fields: string[]) => `${[line, "host: edge", ...fields].join("\r\n")}\r\n\r\n`;
const put = (...fields: string[]) => head("PUT /v1/items HTTP/1.1", own, json, ...fields);
const post = (...fields: string[]) => head("POST /v1/events HTTP/1.1", own, json, ...fields);
const get = (target: string, ...fields: string[]) => head(`GET ${target} HTTP/1.1`, own, ...fields);
/** What an attacker would have the gateway take for a request of its own: it even carries somebody's credentials. */
const smuggled = head("GET /v1/items/smuggled HTTP/1.1", `authorization: ${bearer(victim)}`);
const length = (text: string) => `content-length: ${text.length}`;

/** What is sent, the answers to all of it, and what an upstream gets of it: by default nothing. */
type Row = readonly [what: string, bytes: string, answers: readonly string[], reached?: readonly string[]];

const framing = ["400 framing_invalid"];
const broken = ["400 header_invalid"];

function encodings(): Row[] {
  const forms: readonly (readonly [string, string, readonly string[]])[] = [
    ["length first", `content-length: 4\r\ntransfer-encoding: chunked`, framing],
    ["length last", `transfer-encoding: chunked\r\ncontent-length: 4`, framing],
    ["length 0", `content-length: 0\r\ntransfer-encoding: chunked`, framing],
    ["capitals", `Content-Length: 4\r\nTRANSFER-ENCODING: CHUNKED`, framing],
    ["a space before the colon", `content-length: 4\r\ntransfer-encoding : chunked`, broken],
    ["a tab before the colon", `content-length: 4\r\ntransfer-encoding\t: chunked`, broken],
    ["folded", `content-length: 4\r\ntransfer-encoding:\r\n chunked`, framing],
    ["a bare line feed before it", `content-length: 4\r\nx: y\ntransfer-encoding: chunked`, broken],
    ["a bare carriage return before it", `content-length: 4\r\nx: y\rtransfer-encoding: chunked`, broken],
    ["a vertical tab", `content-length: 4\r\ntransfer-encoding: \x0bchunked`, framing],
    ["a form feed", `content-length: 4\r\ntransfer-encoding: chunked\x0c`, framing],
    ["a null byte", `content-length: 4\r\ntransfer-encoding: chunked\0`, framing],
    ["quoted", `content-length: 4\r\ntransfer-encoding: "chunked"`, framing],
    ["xchunked", `content-length: 4\r\ntransfer-encoding: xchunked`, framing],
    ["a comma before", `content-length: 4\r\ntransfer-encoding: ,chunked`, framing],
    ["identity", `content-length: 4\r\ntransfer-encoding: identity`, framing],
    ["twice, identity last", `content-length: 4\r\ntransfer-encoding: chunked\r\ntransfer-encoding: identity`, framing],
    [
      "twice, identity first",
      `content-length: 4\r\ntransfer-encoding: identity\r\ntransfer-encoding: chunked`,
      framing,
    ],
    ["alone, identity", `transfer-encoding: identity`, framing],
    ["alone, cow", `transfer-encoding: cow`, framing],
    ["alone, empty", `transfer-encoding:`, framing],
    ["alone, chunked not last", `transfer-encoding: chunked, identity`, framing],
    ["alone, two fields", `transfer-encoding: chunked\r\ntransfer-encoding: cow`, framing],
    ["alone, cow and chunked", `transfer-encoding: cow, chunked`, framing],
    ["alone, two fields, chunked last", `transfer-encoding: cow\r\ntransfer-encoding: chunked`, framing],
    ["alone, gzip and chunked", `transfer-encoding: gzip, chunked`, framing],
    ["alone, chunked twice", `transfer-encoding: chunked, chunked`, framing],
    ["alone, two chunked fields", `transfer-encoding: chunked\r\ntransfer-encoding: chunked`, framing],
    ["alone, a parameter", `transfer-encoding: chunked;q=1`, framing],
  ];
  return forms.map(([what, fields, answers]) => [what, `${put(fields)}0\r\n\r\n${smuggled}`, answers]);
}

const lengths: Row[] = [
  ...[
    "",
    "x",
    "-2",
    "+2",
    "2.0",
    "2e0",
    "0x2",
    "2,2",
    "2, 2",
    "2 2",
    "2;",
    "0b10",
    "٢",
    "18446744073709551618",
    "2\x0b",
  ].map((value): Row => [`a length of "${value}"`, `${put(`content-length: ${value}`)}{}${smuggled}`, framing]),
  ["two lengths that differ", `${put("content-length: 2", "content-length: 4")}{}${smuggled}`, framing],
  ["two lengths that differ, the small last", `${put("content-length: 9", "content-length: 2")}{}${smuggled}`, framing],
  ["the same length twice", `${put("content-length: 2", "content-length: 2")}{}${smuggled}`, framing],
  ["a folded length", `${put("content-length:\r\n 2")}{}${smuggled}`, broken],
  ["a length, space, colon", `${put("content-length : 2")}{}${smuggled}`, broken],
  ["spaces around a length", `${put("content-length:   2   ")}{}`, ["200"], ["PUT /v1/items {}"]],
  [
    "a length spelled with an underscore",
    `${put("content-length: 2", "content_length: 99")}{}`,
    ["200"],
    ["PUT /v1/items {}"],
  ],
  [
    "an encoding spelled with an underscore",
    `${put("content-length: 2", "transfer_encoding: chunked")}{}`,
    ["200"],
    ["PUT /v1/items {}"],
  ],
  [
    "no length: what follows is a request of its own",
    `${put()}${smuggled}`,
    ["400 body_missing", "200"],
    ["GET /v1/items/smuggled"],
  ],
  ["a GET with a body", `${get("/v1/items/a", length(smuggled))}${smuggled}`, ["400 invalid_request"]],
  [
    "a refused request whose body is a request",
    `${head("PUT /v1/items HTTP/1.1", json, length(smuggled))}${smuggled}`,
    ["401 unauthenticated"],
  ],
  ["a request as a body is a body", `${put(length(smuggled))}${smuggled}`, ["200"], [`PUT /v1/items ${smuggled}`]],
  ["a request as a batch is a batch", `${post(length(smuggled))}${smuggled}`, ["202"], [`POST /v1/events ${smuggled}`]],
  [
    "one that nobody signed behind a good one",
    `${get("/v1/items/a")}${head("GET /v1/items/smuggled HTTP/1.1")}`,
    ["200", "401 unauthenticated"],
    ["GET /v1/items/a"],
  ],
];

const chunked = put("transfer-encoding: chunked");
const chunks: Row[] = [
  ...["zz", "0x2", "+2", "-2", " 2", "2 ", "", "2\n{}", "G", "10000000000000002", "2\r", "2,2", "2\t"].map(
    (size): Row => [
      `a chunk of size ${JSON.stringify(size)}`,
      `${chunked}${size}\r\n{}\r\n0\r\n\r\n${smuggled}`,
      framing,
    ],
  ),
  ["a chunk longer than it says", `${chunked}2\r\n{}}}\r\n0\r\n\r\n${smuggled}`, framing],
  ["a chunk shorter than it says", `${chunked}3\r\n{}\r\n0\r\n\r\n${smuggled}`, framing],
  ["a chunk that ends in a bare line feed", `${chunked}2\r\n{}\n0\r\n\r\n${smuggled}`, framing],
  ["a size that ends in a bare line feed", `${chunked}2\n{}\r\n0\r\n\r\n${smuggled}`, framing],
  ["an extension with a bare line feed", `${chunked}2;a\n{}\r\n0\r\n\r\n${smuggled}`, framing],
  ["extensions of 20 KB", `${chunked}2;${"a".repeat(20_000)}\r\n{}\r\n0\r\n\r\n${smuggled}`, framing],
  ["an extension", `${chunked}2;a=b\r\n{}\r\n0\r\n\r\n`, ["200"], ["PUT /v1/items {}"]],
  ["leading zeros", `${chunked}0002\r\n{}\r\n0\r\n\r\n`, ["200"], ["PUT /v1/items {}"]],
  ["pieces", `${chunked}1\r\n{\r\n1\r\n}\r\n0\r\n\r\n`, ["200"], ["PUT /v1/items {}"]],
  [
    "trailers that lie",
    `${chunked}2\r\n{}\r\n0\r\nendcap-principal: e30\r\nauthorization: Bearer x\r\n\r\n`,
    ["200"],
    ["PUT /v1/items {}"],
  ],
  ["trailers with a length", `${chunked}2\r\n{}\r\n0\r\ncontent-length: 9\r\n\r\n${smuggled}`, framing],
  ["trailers that are broken", `${chunked}2\r\n{}\r\n0\r\nendcap principal: x\r\n\r\n${smuggled}`, broken],
  [
    "chunked in HTTP/1.0",
    `${head("PUT /v1/items HTTP/1.0", own, json, "transfer-encoding: chunked")}2\r\n{}\r\n0\r\n\r\n${smuggled}`,
    framing,
  ],
];

const heads: Row[] = [
  ["bare line feeds", get("/v1/items/a").replaceAll("\r\n", "\n"), broken],
  ["bare carriage returns", `${get("/v1/items/a").replaceAll("\r\n", "\r")}\r\n\r\n`, broken],
  ["a folded field", get("/v1/items/a", "x-a: b\r\n c"), broken],
  ["a first field that begins with a space", `GET /v1/items/a HTTP/1.1\r\n host: edge\r\n${own}\r\n\r\n`, broken],
  ["a field without a colon", get("/v1/items/a", "endcap-principal"), broken],
  ["a field without a name", get("/v1/items/a", ": x"), broken],
  ["a space in a name", get("/v1/items/a", "x a: b"), broken],
  ["a null byte in a value", get("/v1/items/a", "x-a: b\0c"), broken],
  ["a null byte in a name", get("/v1/items/a", "x\0a: b"), broken],
  ["a control character in a value", get("/v1/items/a", "x-a: b\x01c"), broken],
  ["no host", `GET /v1/items/a HTTP/1.1\r\n${own}\r\n\r\n`, broken],
  ["two hosts", get("/v1/items/a", "host: evil.example"), broken],
  ["the same host twice", get("/v1/items/a", "Host: edge"), broken],
  ["what is no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", broken],
  ["HTTP/0.9", "GET /v1/items/a\r\n\r\n", broken],
  ["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", broken],
  ["another version", get("/v1/items/a").replace("HTTP/1.1", "HTTP/1.9"), broken],
  ["another protocol", get("/v1/items/a").replace("HTTP/1.1", "HTPP/1.1"), broken],
  ["a space behind the version", get("/v1/items/a").replace("HTTP/1.1", "HTTP/1.1 "), broken],
  ["two spaces in the request line", get("/v1/items/a").replace("GET ", "GET  "), ["200"], ["GET /v1/items/a"]],
  ["tabs in the request line", get("/v1/items/a").replace("GET ", "GET\t"), broken],
  ["a method in small letters", get("/v1/items/a").replace("GET", "get"), broken],
  ["an unknown method", get("/v1/items/a").replace("GET", "STEAL"), broken],
  ["TRACE", get("/v1/items/a").replace("GET", "TRACE"), ["405 method_not_allowed"]],
  ["CONNECT", head("CONNECT internal:443 HTTP/1.1", own), ["405 method_not_allowed"]],
  ["an override of the method", get("/v1/items/a", "x-http-method-override: DELETE"), ["200"], ["GET /v1/items/a"]],
  ["an expectation that nobody knows", put("expect: miracles", "content-length: 2"), broken],
  ["an expectation to go on", `${put("expect: 100-continue", "content-length: 2")}{}`, ["200"], ["PUT /v1/items {}"]],
  [
    "an upgrade to HTTP/2",
    get(
      "/v1/items/a",
      "connection: upgrade, http2-settings",
      "upgrade: h2c",
      "http2-settings: AAMAAABkAAQAoAAAAAIAAAAA",
    ),
    ["200"],
    ["GET /v1/items/a"],
  ],
  [
    "an upgrade to a socket",
    get("/v1/items/a", "connection: upgrade", "upgrade: websocket"),
    ["200"],
    ["GET /v1/items/a"],
  ],
  ["empty lines before it", `\r\n\r\n${get("/v1/items/a")}`, ["200"], ["GET /v1/items/a"]],
  ["credentials twice, the wrong first", get("/v1/items/a").replace(own, `authorization: Bearer x\r\n${own}`), broken],
  ["credentials of two tenants", get("/v1/items/a", `authorization: ${bearer(victim)}`), ["400 header_invalid"]],
];

const path = ["400 path_not_canonical"];
const nowhere = ["404 not_found"];
const targets: Row[] = [
  ["dot segment", get("/v1/./items/a"), nowhere],
  ["dot segments", get("/v1/events/../items/a"), nowhere],
  ["dot segments at the end", get("/v1/items/.."), path],
  ["escaped dots", get("/v1/items/%2e%2e"), path],
  ["half-escaped dots", get("/v1/items/.%2E/a"), nowhere],
  ["a doubled slash", get("/v1//items/a"), nowhere],
  ["doubled slashes first", get("//v1/items/a"), nowhere],
  ["an escaped letter", get("/v1/%69tems/a"), path],
  ["an escaped null", get("/v1/items/%00"), path],
  ["an escaped line end", get("/v1/items/a%0d%0ahost:%20evil"), path],
  ["a broken escape", get("/v1/items/%zz"), path],
  ["a cut escape", get("/v1/items/%2"), path],
  ["an escape of no UTF-8", get("/v1/items/%ff"), path],
  ["an overlong escape of a slash", get("/v1/items/%c0%af"), path],
  ["a backslash", get("/v1/items/..\\..\\internal"), path],
  ["an escaped slash is part of an id", get("/v1/items/a%2Fb"), ["200"], ["GET /v1/items/a%2Fb"]],
  ["escaped slashes that climb", get("/v1/items/..%2F..%2Finternal"), path],
  ["twice escaped", get("/v1/items/%252e%252e"), ["200"], ["GET /v1/items/%252e%252e"]],
  ["a parameter of a segment", get("/v1/items;x/a"), nowhere],
  ["a slash at the end", get("/v1/items/"), path],
  ["capitals", get("/V1/ITEMS/a"), nowhere],
  ["what is behind the edge", get("/internal/v1/event-batches"), nowhere],
  ["the admin port's", get("/metrics"), nowhere],
  ["an absolute form", get("http://edge/v1/items/a"), path],
  ["an absolute form of another host", get("http://169.254.169.254/latest/meta-data"), nowhere],
  ["another scheme", get("file:///etc/passwd"), nowhere],
  ["an authority", get("internal:443"), broken],
  ["an asterisk", head("OPTIONS * HTTP/1.1", own), nowhere],
  ["a query", get("/v1/items/a?x"), ["400 query_not_allowed"]],
  ["a fragment", get("/v1/items/a#b"), path],
  ["a space", get("/v1/items/a b"), broken],
  ["a byte that is no ASCII", get("/v1/items/\xe9"), broken],
  ["a control character", get("/v1/items/\x01"), broken],
];

const late = ["408 request_timeout"];
const oversize: Row[] = [
  ["a field of 20 KB", get("/v1/items/a", `x-large: ${"y".repeat(20_000)}`), ["431 headers_too_large"]],
  [
    "3,000 fields",
    get("/v1/items/a", ...Array.from({ length: 3_000 }, (_, n) => `x-${n}: y`)),
    ["431 headers_too_large"],
  ],
  ["a target of 20 KB", get(`/v1/items/${"a".repeat(20_000)}`), ["431 headers_too_large"]],
  ["a target of 3 KB", get(`/v1/items/${"a".repeat(3_000)}`), nowhere],
  ["an announced body", `${post("content-length: 99999999")}{`, ["413 body_too_large"]],
  [
    "a body in chunks",
    `${post("transfer-encoding: chunked")}90000\r\n${"x".repeat(0x90000)}\r\n0\r\n\r\n`,
    ["413 body_too_large"],
  ],
];

const slow: Row[] = [
  ["a head that stops", get("/v1/items/a").slice(0, -2), late],
  ["a body that stops", `${put("content-length: 3")}{}`, late],
  ["an endless chunk that stops", `${chunked}ffffffffffffffff\r\n{}`, late],
  ["no last chunk", `${chunked}2\r\n{}\r\n`, late],
  ["no end of the trailers", `${chunked}2\r\n{}\r\n0\r\n`, late],
];

const lie = Buffer.from(JSON.stringify({ tenant: victim.tenant.id, scope: [] })).toString("base64url");
const identities = [
  ...["endcap-principal", "Endcap-Principal", "ENDCAP-PRINCIPAL", "endcap_principal", "Endcap_Principal"].map(
    (name) => `${name}: ${lie}`,
  ),
  ...["x-endcap-principal", "x-endcap-tenant", "X_Endcap_Tenant", "endcap.principal", "http_endcap_principal"].map(
    (name) => `${name}: ${lie}`,
  ),
  ...["x-tenant-id", "x_tenant_id", "X-User", "remote-user", "REMOTE_USER", "x-remote-user"].map(
    (name) => `${name}: ${victim.tenant.id}`,
  ),
  ...["endcap-request-id", "Endcap_Request_Id", "x-request-id"].map((name) => `${name}: req_evil`),
  ...["x-forwarded-for", "X_Forwarded_For", "x-real-ip", "true-client-ip", "cf-connecting-ip"].map(
    (name) => `${name}: 192.0.2.66`,
  ),
  ...["x-forwarded-host", "x-host", "x-original-url", "x-rewrite-url"].map((name) => `${name}: evil.example`),
  "forwarded: for=192.0.2.66;host=evil.example",
  "proxy-authorization: Basic ZXZpbDp4",
  "cookie: session=evil",
  "baggage: tenant=evil",
  "traceparent: 00-evil-evil-01",
  "__proto__: evil",
  "constructor: evil",
  "te: trailers, evil",
  "keep-alive: timeout=evil",
  "connection: endcap-principal, authorization, content-length, host",
  "connection: close, endcap-request-id, content-type, transfer-encoding",
  "proxy-connection: evil",
];
/** Fields of a request behind the edge, every one made by the gateway. */
const made = [
  "authorization",
  "connection",
  "content-length",
  "content-type",
  "endcap-principal",
  "endcap-request-id",
  "host",
];

let count = 0;
/** A process of its own, and the upstream that it sends both shops' requests to. */
async function startGateway(): Promise<{ gateway: Running; upstream: RecordingUpstream }> {
  count += 1;
  const upstream = await startRecordingUpstream();
  edge.control.push({ upstreams: [{ id: "recording", kind: "collector", url: upstream.url }] });
  const gateway = await startProcess("gateway", {
    ...edge.config,
    ENDCAP_GATEWAY_NODE_DIR: join(edge.directory, `smuggling-${count}`),
    ENDCAP_GATEWAY_REQUEST_MS_MAX: "1000",
  });
  await expect.poll(async () => (await fetch(`${gateway.url}/readyz`)).status, { timeout: 20_000 }).toBe(200);
  return { gateway, upstream };
}

/** The payload of a batch of one part. */
const payloadOf = (batch: string) => batch.slice(batch.indexOf("\n") + 1, -1);

function told({ line, body }: Recorded): string {
  return line === "POST /internal/v1/event-batches"
    ? `POST /v1/events ${payloadOf(body)}`
    : body === ""
      ? line
      : `${line} ${body}`;
}

async function asks(gateway: Running): Promise<number> {
  return (await fetch(`${gateway.url}/v1/items/good`, { headers: { authorization: bearer(shop) } })).status;
}

/** Each row alone, and behind it a good request, which has to be answered by the same process and arrive alone. */
async function judge(rows: readonly Row[]): Promise<void> {
  const { gateway, upstream } = await startGateway();
  for (const [what, bytes, answers, reached = []] of rows) {
    const given = await exchangeBytes(gateway.url, bytes);
    const arrived = upstream.take();
    expect([what, given.map(({ status, code }) => [status, code].join(" ").trimEnd()), arrived.map(told)]).toEqual([
      what,
      answers,
      reached,
    ]);
    expect([what, await asks(gateway), upstream.take().map(told)]).toEqual([what, 200, ["GET /v1/items/good"]]);
  }
  expect(gateway.child.exitCode).toBeNull();
}

it("every way to say a body's length but one is refused, and nothing behind it is taken for a request", async () => {
  await judge([...encodings(), ...lengths, ...chunks]);
});

it("a head that is not as RFC 9112 has it is refused, and what only looks odd is served as it was meant", async () => {
  await judge(heads);
});

it("a path has one spelling, and every other one its refusal", async () => {
  await judge(targets);
});

it("what is too large or too slow is told so", async () => {
  await judge([...oversize, ...slow]);
});

it("no identity, host or hop that a client writes, in whatever spelling, gets behind the edge", async () => {
  const { gateway, upstream } = await startGateway();
  for (const field of identities) {
    const writes = [`${put(field, "content-length: 2")}{}`, `${post(field, "content-length: 2")}{}`];
    for (const [n, bytes] of writes.entries()) {
      expect([field, await exchangeBytes(gateway.url, bytes)]).toEqual([field, [{ status: n === 0 ? 200 : 202 }]]);
      const [one, ...more] = upstream.take();
      expect([field, more]).toEqual([field, []]);
      const { fields = [], body = "" } = one ?? {};
      const names = fields.map(([name]) => name);
      expect([field, names.filter((name) => !made.includes(name))]).toEqual([field, []]);
      expect([field, new Set(names).size]).toEqual([field, names.length]);
      expect([field, JSON.stringify(one)]).toEqual([field, expect.not.stringMatching(/evil|192\.0\.2\.66/)]);
      const header = Object.fromEntries(fields)["endcap-principal"] ?? "";
      const principal =
        n === 0 ? JSON.parse(Buffer.from(header, "base64url").toString()) : JSON.parse(body.split("\n", 1)[0] ?? "").p;
      expect([field, principal.tenant]).toEqual([field, shop.tenant.id]);
    }
  }
});

it("the vectors of transfer encodings, against a process", async () => {
  const { gateway, upstream } = await startGateway();
  const files = globSync("**/*.json", { cwd: vectors });
  expect(files).not.toEqual([]);
  for (const name of files) {
    const bytes = readFileSync(join(vectors, name));
    expect(await readHttp({ name, bytes }, { ...edge, url: gateway.url })).toEqual([]);
  }
  expect(upstream.take()).toEqual([]);
  expect(await asks(gateway)).toBe(200);
});
