import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";

/** HMAC-SHA256 of the parts, one after the other. */
export function macOf(key: KeyObject, ...parts: (string | Uint8Array)[]): Buffer {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Compares in constant time. Text of another length or spelling is simply different. */
export function macEquals(expected: Buffer, given: string, encoding: "base64" | "base64url"): boolean {
  // As texts: Node's decoder skips what it does not know, and one value must have one spelling only.
  const expectedText = Buffer.from(expected.toString(encoding));
  const givenText = Buffer.from(given);
  return expectedText.length === givenText.length && timingSafeEqual(expectedText, givenText);
}
