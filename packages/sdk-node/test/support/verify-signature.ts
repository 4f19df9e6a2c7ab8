/**
 * RFC 9421 verification written from the RFC with node:crypto alone, so that a fault in our own signing code cannot hide
 * behind the same fault here. It knows the derived components and plain fields, and one HMAC key.
 */
import { createHash, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

export interface ReceivedRequest {
  readonly method: string;
  /** As on the request line. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** The request key of a secret: HKDF-SHA256, salt = key id, info = `endcap request v1`. */
export function requestKey(keyId: string, secret: string): Buffer {
  return Buffer.from(hkdfSync("sha256", Buffer.from(secret, "base64url"), keyId, "endcap request v1", 32));
}

export interface Verified {
  readonly components: string[];
  readonly parameters: Record<string, string>;
}

/** Throws when the signature, the digest or the form is wrong. */
export function verifySignature(request: ReceivedRequest, key: Buffer): Verified {
  const input = /^(\w+)=(\((.*?)\)(.*))$/.exec(request.headers["signature-input"] ?? "");
  if (!input) throw new Error("no Signature-Input");
  const [, label, signatureParams, list, tail] = input as unknown as [string, string, string, string, string];
  const components = list.split(" ").map((quoted) => quoted.slice(1, -1));
  const parameters: Record<string, string> = {};
  for (const pair of tail.split(";").slice(1)) {
    const at = pair.indexOf("=");
    parameters[pair.slice(0, at)] = pair.slice(at + 1).replace(/^"|"$/g, "");
  }

  const question = request.target.indexOf("?");
  const path = question < 0 ? request.target : request.target.slice(0, question);
  const query = question < 0 ? "?" : request.target.slice(question);
  const lines = components.map((name) => {
    switch (name) {
      case "@method":
        return `"@method": ${request.method}`;
      case "@authority":
        return `"@authority": ${(request.headers.host ?? "").toLowerCase()}`;
      case "@path":
        return `"@path": ${path}`;
      case "@query":
        return `"@query": ${query}`;
      default: {
        const value = request.headers[name];
        if (value === undefined) throw new Error(`no field ${name}`);
        return `"${name}": ${value.trim()}`;
      }
    }
  });
  lines.push(`"@signature-params": ${signatureParams}`);

  const given = new RegExp(`^${label}=:(.+):$`).exec(request.headers.signature ?? "")?.[1];
  if (!given) throw new Error("no Signature");
  const wanted = createHmac("sha256", key).update(lines.join("\n")).digest();
  if (!timingSafeEqual(wanted, Buffer.from(given, "base64"))) throw new Error("wrong signature");

  if (request.body.length > 0) {
    const digest = `sha-256=:${createHash("sha256").update(request.body).digest("base64")}:`;
    if (request.headers["content-digest"] !== digest) throw new Error("wrong digest");
    if (!components.includes("content-digest")) throw new Error("the digest is not signed");
  }
  return { components, parameters };
}
