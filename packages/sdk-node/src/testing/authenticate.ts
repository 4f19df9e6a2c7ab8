/** Proves a request as the gateway does: the profile of RFC 9421, in the gateway's order. */
import { type ErrorCode, LIMITS } from "@endcap/protocol";
import {
  contentDigest,
  parseSignature,
  parseSignatureInput,
  profileBase,
  signatureText,
} from "@endcap/protocol/http-signature";
import { decodeSecret } from "@endcap/protocol/ids";
import { deriveKeys } from "@endcap/protocol/keys";
import { hmacSha256 } from "@endcap/protocol/sha256";

export interface FakeCredentials {
  readonly key: string;
  readonly secret: string;
}

export interface FakeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The code a request is refused with; `undefined` when it is proven. Uses its nonce up. */
export function refusalOf(
  request: FakeRequest,
  credentials: FakeCredentials,
  nonces: Set<string>,
  now: number,
): ErrorCode | undefined {
  const { headers, url, body } = request;
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    return authorization === `Bearer ${credentials.key}.${credentials.secret}` ? undefined : "signature_invalid";
  }
  const field = headers.get("signature-input");
  if (field === null) return "unauthenticated";
  const input = parseSignatureInput(field);
  const given = parseSignature(headers.get("signature") ?? "");
  if (input === null || given === null || input.withBody !== body.length > 0) return "signature_profile";
  if (input.keyId !== credentials.key) return "key_unknown";
  if (Math.abs(now - input.created * 1000) > LIMITS.signatureSkewMs) return "signature_expired";
  const base = profileBase(
    {
      method: request.method,
      authority: url.host,
      path: url.pathname,
      query: url.search || "?",
      field: (name) => headers.get(name) ?? undefined,
    },
    input,
  );
  const secret = decodeSecret(credentials.secret);
  if (base === null || secret === null) return "signature_profile";
  const mac = hmacSha256(deriveKeys(credentials.key, secret).request, new TextEncoder().encode(base));
  if (signatureText(mac) !== given) return "signature_invalid";
  if (body.length > 0 && contentDigest(body) !== headers.get("content-digest")) return "digest_mismatch";
  if (nonces.has(input.nonce)) return "nonce_replayed";
  nonces.add(input.nonce);
  return undefined;
}
