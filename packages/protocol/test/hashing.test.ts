import { createHash, createHmac, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hexEncode, hkdfSha256, hmacSha256, sha256 } from "../src/index.ts";

const bytes = fc.uint8Array({ maxLength: 400 });

describe("portable hashing gives the bytes of node:crypto", () => {
  it("SHA-256, over any split of the input", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(hexEncode(sha256(a, b))).toBe(createHash("sha256").update(a).update(b).digest("hex"));
      }),
    );
  });

  it("SHA-256 at every length around the block borders", () => {
    for (let length = 0; length <= 260; length++) {
      const input = new Uint8Array(length).fill(length);
      expect(hexEncode(sha256(input))).toBe(createHash("sha256").update(input).digest("hex"));
    }
  });

  it("HMAC-SHA256, with keys shorter and longer than a block", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes, (key, data) => {
        expect(hexEncode(hmacSha256(key, data))).toBe(createHmac("sha256", key).update(data).digest("hex"));
      }),
    );
  });

  it("HKDF-SHA256", () => {
    fc.assert(
      fc.property(bytes, fc.string(), fc.string(), (input, salt, info) => {
        expect(hexEncode(hkdfSha256(input, salt, info))).toBe(
          Buffer.from(hkdfSync("sha256", input, salt, info, 32)).toString("hex"),
        );
      }),
    );
  });
});
