import { hash, timingSafeEqual } from "node:crypto";

const blockBytes = 64;
const digestBytes = 32;

/**
 * A key of HMAC-SHA256, a character for each byte: a gateway keeps one for each session and several for each tenant, and a
 * short text is one object where a buffer is four, some of them outside V8's heap.
 */
export class MacKey {
  readonly #text: string;

  constructor(key: Uint8Array) {
    const block = key.length > blockBytes ? hash("sha256", key, "buffer") : key;
    this.#text = Buffer.from(block).toString("latin1");
  }

  /** Writes the two padded blocks of RFC 2104 to the start of each. */
  writeBlocks(inner: Uint8Array, outer: Uint8Array): void {
    const text = this.#text;
    for (let at = 0; at < blockBytes; at++) {
      const byte = at < text.length ? text.charCodeAt(at) : 0;
      inner[at] = byte ^ 0x36;
      outer[at] = byte ^ 0x5c;
    }
  }
}

/** Filled and hashed in one step, so that all can share it; larger messages get a buffer of their own. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);
const outerScratch = Buffer.allocUnsafeSlow(blockBytes + digestBytes);

/**
 * HMAC-SHA256 of the parts, one after the other. By OpenSSL's hash in one call for each half: a `Hmac` object of node:crypto
 * is made, filled and collected for each request, at twice the cost alone and four times under load.
 */
function mac(key: MacKey, parts: readonly (string | Uint8Array)[], encoding: "base64" | "base64url"): string {
  let bytesMax = blockBytes;
  for (const part of parts) bytesMax += typeof part === "string" ? part.length * 3 : part.length;
  const message = bytesMax <= scratch.length ? scratch : Buffer.allocUnsafe(bytesMax);
  key.writeBlocks(message, outerScratch);
  let end = blockBytes;
  for (const part of parts) {
    if (typeof part === "string") end += message.write(part, end, "utf8");
    else {
      message.set(part, end);
      end += part.length;
    }
  }
  outerScratch.write(hash("sha256", message.subarray(0, end), "binary"), blockBytes, "latin1");
  return hash("sha256", outerScratch, encoding);
}

/** Room for two MACs that are compared: the one that is expected, and the one that is given. */
interface Pair {
  readonly expected: Buffer;
  readonly given: Buffer;
}
const pairOf = (length: number): Pair => ({ expected: Buffer.alloc(length), given: Buffer.alloc(length) });
const pairs = { base64: pairOf(44), base64url: pairOf(43) };

/** HMAC-SHA256 of the parts, one after the other. */
export function macOf(key: MacKey, ...parts: (string | Uint8Array)[]): Buffer {
  return Buffer.from(mac(key, parts, "base64url"), "base64url");
}

/** Whether `given` is, in its one spelling, the MAC of the parts. In constant time. */
export function isMacOf(
  given: string,
  encoding: "base64" | "base64url",
  key: MacKey,
  ...parts: (string | Uint8Array)[]
): boolean {
  // As texts: Node's decoder skips what it does not know.
  const text = mac(key, parts, encoding);
  if (given.length !== text.length) return false;
  const pair = pairs[encoding];
  pair.expected.write(text);
  // What is not ASCII takes more bytes than it has characters, and may leave some of another's.
  return pair.given.write(given) === given.length && timingSafeEqual(pair.expected, pair.given);
}
