import { createHmac } from "node:crypto";
import { base64urlEncode } from "@endcap/protocol/encoding";
import * as protocol from "@endcap/protocol/envelope";
import * as protocolUuid from "@endcap/protocol/uuid";
import fc from "fast-check";
import { expect, test } from "vitest";
import { uuidV7 } from "../src/core/uuid.ts";
import { decode, encode } from "../src/transport/base64url.ts";
import { signedBody } from "../src/transport/frame.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

test("the signed envelope is the protocol's, byte for byte, and node:crypto agrees", () => {
  fc.assert(
    fc.property(bytes(32), fc.string({ unit: "binary", maxLength: 300 }), fc.nat(2 ** 40), (key, payload, at) => {
      const ms = at + 1;
      const session = { token: "a.b.c", signingKey: Buffer.from(key).toString("base64url") };
      const body = signedBody(session, "/v1/events", ms, payload);
      expect(body).toBe(protocol.signedBody("a.b.c", key, "POST", "/v1/events", ms, payload));
      const mac = createHmac("sha256", key).update(`EC1\nPOST /v1/events\n${ms}\n${payload}`).digest("base64url");
      expect(body).toBe(`EC1 a.b.c ${ms} ${mac}\n${payload}`);
    }),
  );
});

test("base64url is the protocol's", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (raw) => {
      expect(encode(raw)).toBe(base64urlEncode(raw));
      expect(Uint8Array.from(decode(encode(raw)), (char) => char.charCodeAt(0))).toEqual(raw);
    }),
  );
});

test("uuids are version 7 of their moment, and ordered by it", () => {
  const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);
  fc.assert(
    fc.property(fc.nat(2 ** 47), (ms) => {
      const id = uuidV7(ms, random);
      expect(protocolUuid.uuidV7Time(id)).toBe(ms);
      expect(protocolUuid.uuidVersion(id)).toBe(7);
    }),
  );
  const same = (bytes: Uint8Array<ArrayBuffer>) => bytes.fill(0xff);
  expect(uuidV7(1e12, same).replace(/-8(?=fff-)/, "-b")).toBe(protocolUuid.uuidV7(1e12, same));
});
