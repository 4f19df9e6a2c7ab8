/**
 * The EC1 envelope. The protocol's `signedBody` gives the same bytes; this one leaves UTF-8 and base64 to the browser and
 * so weighs half a kilobyte less. test/envelopes.test.ts holds the two against each other.
 */
import type { Session } from "@endcap/protocol";
import { envelopeSigningPrefix } from "@endcap/protocol/envelope";
import { hmacSha256 } from "@endcap/protocol/sha256";
import { decode, encode } from "./base64url.ts";

/** The whole body of a POST to `path`, frozen at `ms`. Synchronous: WebCrypto is not, and `pagehide` does not wait. */
export function signedBody(
  session: Pick<Session, "token" | "signingKey">,
  path: string,
  ms: number,
  payload: string,
): string {
  const key = Uint8Array.from(decode(session.signingKey), (char) => char.charCodeAt(0));
  const signed = new TextEncoder().encode(envelopeSigningPrefix("POST", path, ms) + payload);
  return `EC1 ${session.token} ${ms} ${encode(hmacSha256(key, signed))}\n${payload}`;
}
