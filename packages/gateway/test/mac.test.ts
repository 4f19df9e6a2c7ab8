import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isMacOf, MacKey, macOf } from "../src/auth/mac.ts";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

it("is HMAC-SHA256 as node:crypto has it, whatever the key, the parts and their lengths", () => {
  const parts = fc.array(fc.oneof(bytes(300), fc.string({ unit: "binary", maxLength: 300 })), { maxLength: 4 });
  fc.assert(
    fc.property(bytes(200), parts, (key, message) => {
      const reference = createHmac("sha256", key);
      for (const part of message) reference.update(part);
      expect(macOf(new MacKey(key), ...message)).toEqual(reference.digest());
    }),
    { numRuns: 1_000 },
  );
});

it("takes messages of any size, and leaves nothing of one to the next", () => {
  const key = new MacKey(Buffer.alloc(32, 7));
  for (const length of [0, 65_000, 1, 65_536, 600_000, 3]) {
    const message = Buffer.alloc(length, length % 251);
    const expected = createHmac("sha256", Buffer.alloc(32, 7)).update("head").update(message).digest("base64url");
    expect(isMacOf(expected, "base64url", key, "head", message), String(length)).toBe(true);
    expect(isMacOf(expected, "base64url", key, "heaD", message), String(length)).toBe(false);
  }
});

it("takes a MAC in its one spelling only", () => {
  const key = new MacKey(Buffer.alloc(32, 7));
  const mac = macOf(key, "message");
  expect(isMacOf(mac.toString("base64"), "base64", key, "message")).toBe(true);
  const others = [`${mac.toString("base64")} `, mac.toString("base64url"), mac.toString("base64").slice(0, -1), ""];
  // A character of several bytes in another's place, which pushes the last ones out.
  const [text, letter] = [mac.toString("base64"), mac.toString("base64").charCodeAt(3)];
  for (const odd of [letter + 0x100, letter + 0x2100]) {
    others.push(`${text.slice(0, 3)}${String.fromCharCode(odd)}${text.slice(4)}`);
  }
  for (const other of others) expect(isMacOf(other, "base64", key, "message"), other).toBe(false);
});
