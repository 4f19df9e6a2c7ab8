import fc from "fast-check";
import { expect, it } from "vitest";
import { base32Encode, base64urlDecode, base64urlEncode, hexEncode, utf8, utf8Length } from "../src/index.ts";

it("encodes any text as TextEncoder does, lone surrogates included", () => {
  const units = fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
    .map((codes) => String.fromCharCode(...codes));
  fc.assert(
    fc.property(fc.oneof(units, fc.string({ unit: "binary" })), (text) => {
      expect(utf8(text)).toEqual(new Uint8Array(new TextEncoder().encode(text)));
      expect(utf8Length(text)).toBe(utf8(text).length);
    }),
  );
});

it("round-trips base64url and agrees with Buffer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = base64urlEncode(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64url"));
      expect(base64urlDecode(text)).toEqual(new Uint8Array(bytes));
    }),
  );
});

it("knows one spelling of each value: padding, foreign letters and left-over bits are refused", () => {
  for (const text of ["QQ==", "QQ=", "Q", "QR", "Q+", "Q/", "Q Q", "QQ\n"])
    expect(base64urlDecode(text), text).toBeNull();
  expect(base64urlDecode("QQ")).toEqual(new Uint8Array([65]));
});

it("writes hex and base32 (RFC 4648 section 10)", () => {
  expect(hexEncode(new Uint8Array([0, 15, 255]))).toBe("000fff");
  expect(base32Encode(utf8("fooba"), 8)).toBe("mzxw6ytb");
  expect(() => base32Encode(new Uint8Array(1), 4)).toThrow(RangeError);
});
