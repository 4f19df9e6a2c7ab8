/**
 * The browser envelope: the first line of a `text/plain` body, so that a page needs no preflight.
 *
 *   EP1 <publishable key id> <anonymous id>          bootstrap, unsigned
 *   EC1 <session token> <unix ms> <signature>        signed
 *
 * The rest of the body, after one line feed, is the payload. The signature covers
 * "EC1\n" + method + " " + path + "\n" + ms + "\n" + payload bytes.
 */
import { base64urlEncode, utf8 } from "./encoding.ts";
import { LIMITS } from "./limits.ts";
import { hmacSha256 } from "./sha256.ts";

export const ENVELOPE_CONTENT_TYPE = "text/plain;charset=UTF-8";

export type Envelope =
  | { readonly form: "EP1"; readonly key: string; readonly anonymousId: string }
  | {
      readonly form: "EC1";
      readonly token: string;
      readonly ms: number;
      readonly msText: string;
      readonly signature: string;
    };

/** The envelope and where the payload starts. */
export interface ParsedEnvelope {
  readonly envelope: Envelope;
  readonly payloadOffset: number;
}

const EP1 = /^EP1 ([a-z0-9_]{1,64}) ([A-Za-z0-9_-]{1,64})$/;
const EC1 = "EC1 ";
/** What follows the token: the time, and behind a space the signature. */
const EC1_END = /^[1-9][0-9]{0,14} [A-Za-z0-9_-]{43}$/;
const signatureLength = 43;
const lineFeed = 10;

function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/**
 * Reads the envelope of `body`; `null` when its first line is none. Checks form only: no key, time or signature; and what
 * a token is made of is for those to judge who read tokens.
 * `decode` makes text of the bytes from `start` to `end`, a character each: servers give the runtime's own, which is
 * faster.
 */
export function parseEnvelope<Body extends Uint8Array>(
  body: Body,
  decode: (bytes: Body, start: number, end: number) => string = latin1,
): ParsedEnvelope | null {
  const end = body.indexOf(lineFeed);
  if (end < 0 || end >= LIMITS.envelopeLineBytesMax) return null;
  const payloadOffset = end + 1;
  const line = decode(body, 0, end);
  if (line.startsWith(EC1)) {
    const tokenEnd = line.indexOf(" ", EC1.length);
    if (tokenEnd <= EC1.length || !EC1_END.test(line.slice(tokenEnd + 1))) return null;
    const [token, signatureAt] = [line.slice(EC1.length, tokenEnd), line.length - signatureLength];
    const [msText, signature] = [line.slice(tokenEnd + 1, signatureAt - 1), line.slice(signatureAt)];
    return { envelope: { form: "EC1", token, ms: Number(msText), msText, signature }, payloadOffset };
  }
  const bootstrap = EP1.exec(line);
  if (!bootstrap) return null;
  const [, key, anonymousId] = bootstrap as unknown as [string, string, string];
  return { envelope: { form: "EP1", key, anonymousId }, payloadOffset };
}

/** The text that stands before the payload in the bytes an EC1 signature covers. */
export function envelopeSigningPrefix(method: string, path: string, ms: number | string): string {
  return `EC1\n${method} ${path}\n${ms}\n`;
}

/** The EC1 signature, base64url, of a payload frozen at `ms`. */
export function signEnvelope(
  signingKey: Uint8Array,
  method: string,
  path: string,
  ms: number,
  payload: Uint8Array,
): string {
  return base64urlEncode(hmacSha256(signingKey, utf8(envelopeSigningPrefix(method, path, ms)), payload));
}

/** The whole body of a bootstrap request. */
export function bootstrapBody(key: string, anonymousId: string, payload: string): string {
  return `EP1 ${key} ${anonymousId}\n${payload}`;
}

/** The whole body of a signed request. Sign and send the same payload text: its UTF-8 bytes are what is signed. */
export function signedBody(
  token: string,
  signingKey: Uint8Array,
  method: string,
  path: string,
  ms: number,
  payload: string,
): string {
  return `EC1 ${token} ${ms} ${signEnvelope(signingKey, method, path, ms, utf8(payload))}\n${payload}`;
}
