/**
 * Webhooks as Standard Webhooks describes them: HMAC-SHA256 over `<id>.<seconds>.<body>`, here under the key derived from
 * the tenant's secret for nothing but this.
 */
import { base64urlEncode, utf8 } from "@endcap/protocol/encoding";
import { signatureText } from "@endcap/protocol/http-signature";
import { hmacSha256 } from "@endcap/protocol/sha256";
import type { Clock } from "./clock.ts";
import { EndcapError } from "./errors.ts";

/** A delivery older or younger than this is refused: it may be a replay. */
const TOLERANCE_SECONDS = 300;

/** The request did not come from Endcap, or not just now. Answer it with 400. */
export class EndcapWebhookError extends EndcapError {
  static override readonly brand = "EndcapWebhookError";
}

type HeaderSource = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface WebhookHeaders {
  readonly "webhook-id": string;
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
}

export class Webhooks {
  readonly #key: Uint8Array;
  readonly #clock: Clock;

  constructor(key: Uint8Array, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  /**
   * The delivery's JSON, proven. `body` is the raw body: parsing and printing it again would change its bytes. Throws
   * EndcapWebhookError. Remember `webhook-id` for as long as you must not act twice.
   */
  verify(body: string | Uint8Array, headers: HeaderSource): unknown {
    const id = header(headers, "webhook-id");
    const timestamp = header(headers, "webhook-timestamp");
    const signatures = header(headers, "webhook-signature").split(" ");
    const text = typeof body === "string" ? body : new TextDecoder().decode(body);
    const age = this.#clock.now() / 1000 - Number(timestamp);
    if (!(Math.abs(age) <= TOLERANCE_SECONDS)) throw new EndcapWebhookError("the delivery was not signed just now");
    const wanted = this.#sign(id, timestamp, text);
    // Several while a key is rotated.
    if (!signatures.some((given) => sameText(given, wanted))) throw new EndcapWebhookError("the signature is wrong");
    return JSON.parse(text);
  }

  /** The header fields that a delivery of `body` would carry, for tests of your handler. */
  sign(body: string): WebhookHeaders {
    const id = `msg_${base64urlEncode(this.#clock.random(new Uint8Array(16)))}`;
    const timestamp = String(Math.floor(this.#clock.now() / 1000));
    return {
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": this.#sign(id, timestamp, body),
    };
  }

  #sign(id: string, timestamp: string, body: string): string {
    return `v1,${signatureText(hmacSha256(this.#key, utf8(`${id}.${timestamp}.${body}`)))}`;
  }
}

function header(headers: HeaderSource, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value !== "string") throw new EndcapWebhookError(`the header ${name} is missing`);
  return value;
}

/** Equal, in a time that does not tell how far. */
function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
