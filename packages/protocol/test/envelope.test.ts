import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  base64urlDecode,
  bootstrapBody,
  ENVELOPE_CONTENT_TYPE,
  type Envelope,
  parseEnvelope,
  signEnvelope,
  signedBody,
  utf8,
} from "../src/index.ts";
import { sharedVectors } from "./shared-vectors.ts";

interface Ec1Vector {
  name: string;
  signingKey: string;
  method: string;
  path: string;
  ms: number;
  token: string;
  payload: string;
  signature: string;
  body: string;
}
const vectors: Ec1Vector[] = JSON.parse(readFileSync(new URL("../vectors/ec1.json", import.meta.url), "utf8")).vectors;

/** EC1 as PROTOCOL describes it, written a second time on node:crypto. */
function referenceSignature(key: Uint8Array, method: string, path: string, ms: string, payload: Uint8Array): string {
  return createHmac("sha256", key).update(`EC1\n${method} ${path}\n${ms}\n`).update(payload).digest("base64url");
}

function verify(key: Uint8Array, method: string, path: string, body: Uint8Array): boolean {
  const parsed = parseEnvelope(body);
  if (parsed?.envelope.form !== "EC1") return false;
  const { msText, signature } = parsed.envelope;
  return referenceSignature(key, method, path, msText, body.subarray(parsed.payloadOffset)) === signature;
}

describe("EC1", () => {
  it.each(vectors)("committed vector: $name", (vector) => {
    const key = base64urlDecode(vector.signingKey) as Uint8Array<ArrayBuffer>;
    expect(signEnvelope(key, vector.method, vector.path, vector.ms, utf8(vector.payload))).toBe(vector.signature);
    expect(signedBody(vector.token, key, vector.method, vector.path, vector.ms, vector.payload)).toBe(vector.body);
    expect(verify(key, vector.method, vector.path, utf8(vector.body))).toBe(true);
  });

  it("fails when any one signed byte changes", () => {
    const key = new Uint8Array(32).fill(7);
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 200 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (payload, where, flip) => {
          const token = "head.claims.mac";
          const body = utf8(signedBody(token, key, "POST", "/v1/events", 1_790_000_000_000, payload));
          expect(verify(key, "POST", "/v1/events", body)).toBe(true);
          expect(verify(key, "PUT", "/v1/events", body)).toBe(false);
          expect(verify(key, "POST", "/v1/recommendations", body)).toBe(false);
          const altered = body.slice();
          // The token is proven by its own MAC, so the bytes that this signature covers start after it.
          const covered = 4 + token.length + 1;
          const at = covered + (where % (body.length - covered));
          altered[at] = (altered[at] as number) ^ flip;
          expect(verify(key, "POST", "/v1/events", altered)).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("the envelope line", () => {
  const bootstrap = (line: string): Envelope | undefined => parseEnvelope(utf8(`${line}\n{}`))?.envelope;

  it("is read with the offset of the payload", () => {
    const key = "pk_live_aaaaaaaaaaaaaaaaaaaabbbb";
    const body = utf8(bootstrapBody(key, "a_AAAAAAAAAAAAAAAAAAAAAA", '{"events":[]}'));
    const parsed = parseEnvelope(body);
    expect(parsed?.envelope).toEqual({ form: "EP1", key, anonymousId: "a_AAAAAAAAAAAAAAAAAAAAAA" });
    expect(new TextDecoder().decode(body.subarray(parsed?.payloadOffset))).toBe('{"events":[]}');
  });

  it("is refused in any other form", () => {
    for (const line of [
      "",
      "EP1",
      "EP1 pk",
      "EP2 a b",
      "EP1  a b",
      "EP1 a b ",
      "ep1 a b",
      "EC1 t 0 x",
      "EC1 t 01 x",
      "EP1 a\tb",
      '{"events":[]}',
      "EP1 a b\r",
    ]) {
      expect(bootstrap(line), JSON.stringify(line)).toBeUndefined();
    }
    expect(parseEnvelope(utf8(`EP1 a b${" ".repeat(3000)}\n{}`))).toBeNull();
    expect(parseEnvelope(utf8("EP1 a b"))).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(parseEnvelope(new Uint8Array(bytes))).toBeNull();
      }),
    );
  });

  it("travels in a content type that needs no preflight, by WPT's own table", () => {
    const table: { contentType: string; preflight: boolean }[] = JSON.parse(
      sharedVectors("wpt-cors/safelist-content-type.json"),
    );
    const essence = (type: string) => type.split(";")[0];
    expect(
      table.filter(({ contentType }) => contentType.startsWith("text/plain;")).some(({ preflight }) => !preflight),
    ).toBe(true);
    expect(essence(ENVELOPE_CONTENT_TYPE)).toBe("text/plain");
    // The Fetch standard's own condition on the bytes of a safelisted value.
    expect(ENVELOPE_CONTENT_TYPE).toMatch(/^[\x20-\x7e]{1,128}$/);
    expect(ENVELOPE_CONTENT_TYPE).not.toMatch(/["():<>?@[\\\]{}\x7f]/);
  });
});
