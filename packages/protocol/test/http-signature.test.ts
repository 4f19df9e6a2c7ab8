import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Component,
  contentDigest,
  deriveKeys,
  parseSignature,
  parseSignatureInput,
  profileBase,
  type RandomBytes,
  type SignableMessage,
  signatureBase,
  signRequest,
  utf8,
} from "../src/index.ts";
import { sharedVectors } from "./shared-vectors.ts";

const random: RandomBytes = (bytes) => crypto.getRandomValues(bytes);

interface Rfc9421 {
  shared_secret_base64: string;
  test_request: string;
  test_response: string;
  cases: { title: string; signature_base: string; signature_input: string; signature: string }[];
}

/** A message of the RFC's appendix, as its HTTP/1.1 text. */
function parseMessage(text: string): SignableMessage {
  const [head = "", ...lines] = (text.split("\n\n")[0] as string).split("\n");
  const fields = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const field = (name: string) => fields.get(name);
  const status = /^HTTP\/1.1 (\d+)/.exec(head)?.[1];
  if (status !== undefined) return { method: "", authority: "", path: "", query: "", field, status: Number(status) };
  const [method = "", target = ""] = head.split(" ");
  const [path = "", query] = target.split("?");
  return { method, authority: field("host") ?? "", path, query: query === undefined ? "?" : `?${query}`, field };
}

function parseComponents(parameters: string): Component[] {
  const list = /^\(([^)]*)\)/.exec(parameters)?.[1] ?? "";
  return [...list.matchAll(/"([^"]+)"(?:;name="([^"]+)")?/g)].map(([, name, queryParam]) => ({
    name: name as string,
    ...(queryParam !== undefined && { queryParam }),
  }));
}

describe("RFC 9421 appendix B.2", () => {
  const rfc: Rfc9421 = JSON.parse(sharedVectors("rfc9421/rfc9421-appendix-b.json"));

  it.each(rfc.cases)("$title: the same signature base", ({ title, signature_base, signature_input }) => {
    const message = parseMessage(title.includes("Response") ? rfc.test_response : rfc.test_request);
    const parameters = signature_input.slice(signature_input.indexOf("=") + 1);
    // The RFC prints the response's digest of another body in B.2.4 than in the message itself; take it from the case.
    const digest = /"content-digest": (.*)/.exec(signature_base)?.[1];
    const field = (name: string) => (name === "content-digest" ? digest : message.field(name));
    expect(signatureBase({ ...message, field }, parseComponents(parameters), parameters)).toBe(signature_base);
  });

  it("B.2.5: the same HMAC over our own base", () => {
    const vector = rfc.cases.find(({ title }) => title.includes("hmac-sha256"));
    if (!vector) throw new Error("the HMAC case is missing");
    const parameters = vector.signature_input.slice(vector.signature_input.indexOf("=") + 1);
    const base = signatureBase(parseMessage(rfc.test_request), parseComponents(parameters), parameters);
    const mac = createHmac("sha256", Buffer.from(rfc.shared_secret_base64, "base64"))
      .update(base ?? "")
      .digest("base64");
    expect(`sig-b25=:${mac}:`).toBe(vector.signature);
  });
});

interface Request {
  method: string;
  authority: string;
  path: string;
  query: string;
  fields: Record<string, string>;
  body: Uint8Array;
}

/** A verifier of the profile on node:crypto, as a server would write it. */
function verify(request: Request, key: Uint8Array): boolean {
  const input = parseSignatureInput(request.fields["signature-input"] ?? "");
  const signature = parseSignature(request.fields.signature ?? "");
  if (!input || signature === null || input.withBody !== request.body.length > 0) return false;
  const base = profileBase({ ...request, field: (name) => request.fields[name] }, input);
  if (base === null) return false;
  // Compared as text: decoding first would let a second spelling of the same bytes pass.
  const mac = createHmac("sha256", key).update(base).digest("base64");
  if (!timingSafeEqual(Buffer.from(mac), Buffer.from(signature))) return false;
  return (
    !input.withBody ||
    request.fields["content-digest"] === `sha-256=:${createHash("sha256").update(request.body).digest("base64")}:`
  );
}

describe("the endcap-v1 profile", () => {
  const keyId = "sk_live_aaaaaaaaaaaaaaaaaaaabbbb";
  const { request: requestKey } = deriveKeys(keyId, new Uint8Array(32).fill(3));

  function signed(path: string, query: string, body: Uint8Array<ArrayBuffer>): Request {
    const url = `https://Shop.Example:443${path}${query === "?" ? "" : query}`;
    const fields = signRequest({
      method: "POST",
      url,
      keyId,
      requestKey,
      now: 1_795_374_132_344,
      random,
      ...(body.length > 0 && { body }),
    });
    return { method: "POST", authority: "shop.example", path, query, fields, body };
  }

  const requests = fc.record({
    path: fc.constantFrom("/v1/events", "/v1/items/%C3%A9", "/"),
    query: fc.constantFrom("?", "?a=1&b=%20", "?x"),
    body: fc.uint8Array({ maxLength: 80 }).map((bytes) => new Uint8Array(bytes)),
  });

  it("verifies what it signed, by an independent verifier", () => {
    fc.assert(
      fc.property(requests, ({ path, query, body }) => {
        expect(verify(signed(path, query, body), requestKey)).toBe(true);
      }),
    );
  });

  it("fails when any byte of any signed part changes", () => {
    const alter = (text: string, at: number, flip: number) =>
      text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ flip) + text.slice(at + 1);
    fc.assert(
      fc.property(requests, fc.nat(), fc.integer({ min: 1, max: 127 }), (parts, where, flip) => {
        const good = signed(parts.path, parts.query, parts.body);
        for (const name of ["method", "authority", "path", "query"] as const) {
          expect(
            verify({ ...good, [name]: alter(good[name], where % good[name].length, flip) }, requestKey),
            name,
          ).toBe(false);
        }
        for (const [name, value] of Object.entries(good.fields)) {
          expect(
            verify(
              { ...good, fields: { ...good.fields, [name]: alter(value, where % value.length, flip) } },
              requestKey,
            ),
            name,
          ).toBe(false);
        }
        if (good.body.length > 0) {
          const body = good.body.slice();
          body[where % body.length] = (body[where % body.length] as number) ^ flip;
          expect(verify({ ...good, body }, requestKey)).toBe(false);
        }
        const other = deriveKeys(keyId, new Uint8Array(32).fill(4)).request;
        expect(verify(good, other)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses every other spelling of Signature-Input", () => {
    const good = signed("/v1/events", "?", utf8("{}")).fields["signature-input"] as string;
    expect(parseSignatureInput(good)).not.toBeNull();
    const others = [
      good.replace("endcap=", "sig1="),
      `${good}, sig1=("@method");created=1`,
      good.replace(' "@query"', ""),
      good.replace('"@method" "@authority"', '"@authority" "@method"'),
      good.replace("hmac-sha256", "ed25519"),
      good.replace("endcap-v1", "endcap-v2"),
      good.replace(";alg", ";expires=1;alg"),
      good.replace(/;nonce="[^"]+"/, ""),
      good.replace("created=", "created=0"),
      ` ${good}`,
      `${good};x`,
    ];
    for (const field of others) expect(parseSignatureInput(field), field).toBeNull();
  });

  it("derives three keys that are all different, per key id", () => {
    const secret = new Uint8Array(32).fill(9);
    const a = deriveKeys("sk_live_a", secret);
    const b = deriveKeys("sk_live_b", secret);
    const all = [a.request, a.identity, a.webhook, b.request, b.identity, b.webhook].map((key) =>
      Buffer.from(key).toString("hex"),
    );
    expect(new Set(all).size).toBe(6);
  });

  it("needs an absolute URL", () => {
    const options = { method: "GET", keyId, requestKey, now: 0, random };
    expect(() => signRequest({ ...options, url: "/v1/items/1" })).toThrow(TypeError);
    expect(contentDigest(utf8('{"hello": "world"}'))).toBe("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:");
  });
});
