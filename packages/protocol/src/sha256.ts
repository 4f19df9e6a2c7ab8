/**
 * SHA-256, HMAC-SHA256 and HKDF-SHA256 (FIPS 180-4, RFC 2104, RFC 5869), synchronous and portable.
 *
 * WebCrypto is asynchronous and `pagehide` does not wait, so the browser SDK signs with this. Servers that have
 * node:crypto should use that (about ten times faster); both give the same bytes, which the tests check.
 * Not constant-time in the key; it signs, it does not compare secrets.
 */
import { utf8 } from "./encoding.ts";

interface Constants {
  readonly k: Uint32Array;
  readonly h: Uint32Array;
}

let constants: Constants | undefined;

/** The fractional parts of the cube and square roots of the first primes: computed, as 300 bytes of digits would travel to every page. */
function roundConstants(): Constants {
  if (constants) return constants;
  const k = new Uint32Array(64);
  const h = new Uint32Array(8);
  const fraction = (x: number) => (x - Math.floor(x)) * 4294967296;
  let count = 0;
  for (let n = 2; count < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n && prime; d++) prime = n % d !== 0;
    if (!prime) continue;
    if (count < 8) h[count] = fraction(Math.sqrt(n));
    k[count++] = fraction(Math.cbrt(n));
  }
  constants = { k, h };
  return constants;
}

/** SHA-256 of the concatenation of `parts`: 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const { k, h } = roundConstants();
  let length = 0;
  for (const part of parts) length += part.length;
  const padded = new Uint8Array(((length + 8) >> 6) * 64 + 64);
  let offset = 0;
  for (const part of parts) {
    padded.set(part, offset);
    offset += part.length;
  }
  padded[length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(length / 0x20000000));
  view.setUint32(padded.length - 4, length << 3);

  const state = h.slice();
  const w = new Int32Array(64);
  for (let block = 0; block < padded.length; block += 64) {
    let [a, b, c, d, e, f, g, i] = state as unknown as [number, number, number, number, number, number, number, number];
    for (let t = 0; t < 64; t++) {
      if (t < 16) {
        w[t] = view.getInt32(block + t * 4);
      } else {
        const x = w[t - 15] as number;
        const y = w[t - 2] as number;
        w[t] =
          (((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)) +
          (((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)) +
          (w[t - 16] as number) +
          (w[t - 7] as number);
      }
      const t1 =
        (i +
          (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) +
          ((e & f) ^ (~e & g)) +
          (k[t] as number) +
          (w[t] as number)) |
        0;
      const t2 =
        ((((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) +
          ((a & b) ^ (a & c) ^ (b & c))) |
        0;
      i = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    const next = [a, b, c, d, e, f, g, i];
    for (let n = 0; n < 8; n++) state[n] = (state[n] as number) + (next[n] as number);
  }
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  for (let n = 0; n < 8; n++) out.setUint32(n * 4, state[n] as number);
  return digest;
}

/** HMAC-SHA256 of the concatenation of `parts`: 32 bytes. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(64);
  block.set(key.length > 64 ? sha256(key) : key);
  const inner = block.map((byte) => byte ^ 0x36);
  const outer = block.map((byte) => byte ^ 0x5c);
  return sha256(outer, sha256(inner, ...parts));
}

/** HKDF-SHA256, 32 bytes out (one expand round). `info` and `salt` are UTF-8 text. */
export function hkdfSha256(input: Uint8Array, salt: string, info: string): Uint8Array<ArrayBuffer> {
  return hmacSha256(hmacSha256(utf8(salt), input), utf8(info), new Uint8Array([1]));
}
