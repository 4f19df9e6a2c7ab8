import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";

/** HMAC-SHA256 of the parts, one after the other. */
export function macOf(key: KeyObject, ...parts: (string | Uint8Array)[]): Buffer {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Whether `given` is, in its one spelling, the MAC of the parts. In constant time. */
export function isMacOf(
  given: string,
  encoding: "base64" | "base64url",
  key: KeyObject,
  ...parts: (string | Uint8Array)[]
): boolean {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  // As texts: Node's decoder skips what it does not know. Encoded by the MAC itself, which saves a buffer.
  const expectedText = Buffer.from(hmac.digest(encoding));
  const givenText = Buffer.from(given);
  return expectedText.length === givenText.length && timingSafeEqual(expectedText, givenText);
}
