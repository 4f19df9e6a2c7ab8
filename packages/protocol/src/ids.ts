/** Ids of the wire and their forms. All checks here are pure: a malformed id is refused before any look-up. */
import { base32Encode, base64urlDecode, base64urlEncode, utf8 } from "./encoding.ts";
import { sha256 } from "./sha256.ts";
import type { RandomBytes } from "./uuid.ts";

/** The two environments of a tenant. */
export type Environment = "live" | "test";
/** `publishable` keys are public and name a shop page; `secret` keys sign for a server. */
export type KeyKind = "publishable" | "secret";

export interface KeyId {
  readonly id: string;
  readonly kind: KeyKind;
  readonly env: Environment;
}

const TENANT = /^tnt-[a-z2-7]{16}$/;
const KEY = /^(pk|sk)_(live|test)_([a-z2-7]{20})([a-z2-7]{4})$/;
const ANONYMOUS = /^a_[A-Za-z0-9_-]{22}$/;
const SECRET_BYTES = 32;

/** Random letters of lower-case base32, 5 bits each. */
function letters(count: number, random: RandomBytes): string {
  return base32Encode(random(new Uint8Array(Math.ceil((count * 5) / 8))), count);
}

/** A new tenant id: `tnt-` and 16 letters (80 random bits), immutable for the tenant's life. */
export function newTenantId(random: RandomBytes): string {
  return `tnt-${letters(16, random)}`;
}

export function isTenantId(text: string): boolean {
  return TENANT.test(text);
}

function checksum(body: string): string {
  return base32Encode(sha256(utf8(body)), 4);
}

/** A new key id: `pk_live_` and 20 letters (100 random bits), then 4 letters of checksum. */
export function newKeyId(kind: KeyKind, env: Environment, random: RandomBytes): string {
  const body = `${kind === "publishable" ? "pk" : "sk"}_${env}_${letters(20, random)}`;
  return body + checksum(body);
}

/** The parts of a key id whose form and checksum are right, else `null`. */
export function parseKeyId(text: string): KeyId | null {
  const match = KEY.exec(text);
  if (!match || checksum(text.slice(0, -4)) !== match[4]) return null;
  return { id: text, kind: match[1] === "pk" ? "publishable" : "secret", env: match[2] as Environment };
}

/** A new secret: 32 random bytes as base64url (43 characters). Shown once. */
export function newSecret(random: RandomBytes): string {
  return base64urlEncode(random(new Uint8Array(SECRET_BYTES)));
}

/** The 32 bytes of a secret, else `null`. */
export function decodeSecret(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = base64urlDecode(text);
  return bytes?.length === SECRET_BYTES ? bytes : null;
}

/** A new anonymous shopper id: `a_` and 128 random bits. A capability: never logged whole. */
export function newAnonymousId(random: RandomBytes): string {
  return `a_${base64urlEncode(random(new Uint8Array(16)))}`;
}

export function isAnonymousId(text: string): boolean {
  return ANONYMOUS.test(text) && base64urlDecode(text.slice(2)) !== null;
}

/** An anonymous id as logs and consoles may show it: its first six characters. */
export function maskAnonymousId(id: string): string {
  return `${id.slice(0, 6)}…`;
}
