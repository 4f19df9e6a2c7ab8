/** User tokens: the shop's backend says who is signed in, and a page can carry that but not make it. */
import { base64urlEncode, utf8 } from "@endcap/protocol/encoding";
import { LIMITS } from "@endcap/protocol/limits";
import { hmacSha256 } from "@endcap/protocol/sha256";

export interface UserTokenOptions {
  /** The shop's own id of the signed-in shopper. */
  readonly userId: string;
  /** The page's anonymous id: its history is joined with the user's. */
  readonly anonymousId?: string | undefined;
  /** Default one hour, at most 24. */
  readonly expiresInSeconds?: number | undefined;
}

const HOUR = 3600;

/** A JWT (RFC 7519), HS256 under the derived identity key: three base64url parts, so no library is asked for. */
export function userToken(keyId: string, identityKey: Uint8Array, nowMs: number, options: UserTokenOptions): string {
  const seconds = options.expiresInSeconds ?? HOUR;
  if (!options.userId) throw new TypeError("createUserToken needs a userId");
  if (!(seconds > 0 && seconds * 1000 <= LIMITS.userTokenMs)) {
    throw new RangeError("expiresInSeconds must lie within 24 hours");
  }
  const iat = Math.floor(nowMs / 1000);
  const header = { alg: "HS256", typ: "JWT", kid: keyId };
  const claims = {
    sub: options.userId,
    ...(options.anonymousId !== undefined && { anonymousId: options.anonymousId }),
    iat,
    exp: iat + Math.floor(seconds),
  };
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${base64urlEncode(hmacSha256(identityKey, utf8(input)))}`;
}

function part(value: object): string {
  return base64urlEncode(utf8(JSON.stringify(value)));
}
