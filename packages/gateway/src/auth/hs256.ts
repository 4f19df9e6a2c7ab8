import { EndcapError } from "@endcap/protocol";
import { isMacOf, type MacKey } from "./mac.ts";

export const hs256 = "HS256";

/**
 * Three parts of base64url, each in its one spelling. Decoders skip what they do not know and bits that nobody needs, and
 * jose's takes padding and line ends too.
 */
export function isCompact(token: string): boolean {
  const parts = token.split(".");
  return parts.length === 3 && parts.every((part) => part !== "" && part === spelled(part));
}

const spelled = (part: string): string => Buffer.from(part, "base64url").toString("base64url");

export interface SignedParts {
  readonly header: unknown;
  readonly claims: unknown;
}

/**
 * The parts of a compact JWS of ours: HMAC-SHA256 by the key that `keyFor` names, in its one spelling, and nothing that
 * asks for more than that.
 * @throws EndcapError `session_invalid`
 */
export function openHs256(token: string, keyFor: (parts: SignedParts) => MacKey | undefined): SignedParts {
  if (!isCompact(token)) throw invalid("no compact JWS");
  const [head = "", body = "", signature = ""] = token.split(".");
  const parts = { header: jsonOf(head), claims: jsonOf(body) };
  // Both texts are still a stranger's: they only choose the key by which they are judged.
  const key = keyFor(parts);
  if (key === undefined) throw invalid("no such tenant or generation");
  if (textOf(parts.header, "alg") !== hs256) throw invalid("another algorithm");
  if (Object.hasOwn(Object(parts.header), "crit")) throw invalid("an extension that is unknown here");
  if (!isMacOf(signature, "base64url", key, `${head}.${body}`)) throw invalid("not signed by us");
  return parts;
}

export const invalid = (internal: string) => new EndcapError("session_invalid", { internal });

function jsonOf(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString());
  } catch {
    return undefined;
  }
}

/** A member of what may not even be an object, as text; `""` when there is none. */
export function textOf(value: unknown, name: string): string {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return "";
  const member: unknown = Reflect.get(value, name);
  return typeof member === "string" ? member : "";
}
