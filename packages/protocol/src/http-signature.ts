/**
 * Server requests: RFC 9421 HTTP Message Signatures with RFC 9530 Content-Digest, in the `endcap-v1` profile:
 * a fixed component list and parameter order, one label, HMAC-SHA256. Everything here is pure; the MAC itself is the
 * caller's, so that servers use node:crypto and edge runtimes the portable one.
 */
import { base64urlEncode, utf8 } from "./encoding.ts";
import { hmacSha256, sha256 } from "./sha256.ts";
import type { RandomBytes } from "./uuid.ts";

export const SIGNATURE_LABEL = "endcap";
export const SIGNATURE_TAG = "endcap-v1";

const WITHOUT_BODY = ["@method", "@authority", "@path", "@query"] as const;
const WITH_BODY = [...WITHOUT_BODY, "content-digest", "content-type"] as const;

/** A request as its signer and its verifier both see it. */
export interface SignableMessage {
  readonly method: string;
  /** Host with a non-default port, lower case. */
  readonly authority: string;
  /** Absolute path as sent, `/` when empty. */
  readonly path: string;
  /** The query with its question mark; `?` when there is none. */
  readonly query: string;
  /** Field value by lower-case name, several lines joined with ", "; `undefined` when the field is absent. */
  readonly field: (name: string) => string | undefined;
  readonly scheme?: string;
  /** Status of a response, for `@status`. */
  readonly status?: number;
}

/** A covered component: its name and, for `@query-param`, the parameter's name. */
export interface Component {
  readonly name: string;
  readonly queryParam?: string;
}

function componentValue(message: SignableMessage, component: Component): string | null {
  switch (component.name) {
    case "@method":
      return message.method;
    case "@authority":
      return message.authority;
    case "@path":
      return message.path;
    case "@query":
      return message.query;
    case "@scheme":
      return message.scheme ?? null;
    case "@request-target":
      return message.path + (message.query === "?" ? "" : message.query);
    case "@target-uri":
      return message.scheme === undefined
        ? null
        : `${message.scheme}://${message.authority}${message.path}${message.query === "?" ? "" : message.query}`;
    case "@status":
      return message.status === undefined ? null : String(message.status);
    case "@query-param":
      return queryParam(message.query, component.queryParam);
    default:
      return component.name.startsWith("@") ? null : (message.field(component.name)?.trim() ?? null);
  }
}

/** The one value of a query parameter, re-encoded as RFC 9421 section 2.2.8 says; `null` when absent or repeated. */
function queryParam(query: string, name: string | undefined): string | null {
  const found: string[] = [];
  for (const pair of query.slice(1).split("&")) {
    const at = pair.indexOf("=");
    const key = at < 0 ? pair : pair.slice(0, at);
    if (decodeForm(key) === name) found.push(decodeForm(at < 0 ? "" : pair.slice(at + 1)));
  }
  return found.length === 1 ? encodeURIComponent(found[0] as string) : null;
}

function decodeForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/**
 * The signature base of RFC 9421 section 2.5. `parameters` is the serialized value of the label in Signature-Input,
 * taken verbatim. `null` when a component cannot be found in the message.
 */
export function signatureBase(
  message: SignableMessage,
  components: readonly Component[],
  parameters: string,
): string | null {
  let base = "";
  for (const component of components) {
    const value = componentValue(message, component);
    if (value === null) return null;
    const suffix = component.queryParam === undefined ? "" : `;name="${encodeURIComponent(component.queryParam)}"`;
    base += `"${component.name}"${suffix}: ${value}\n`;
  }
  return `${base}"@signature-params": ${parameters}`;
}

/** `sha-256=:…:` of the exact body bytes. */
export function contentDigest(body: Uint8Array): string {
  return digestField(sha256(body));
}

/** The Content-Digest field of a SHA-256 that was computed elsewhere. */
export function digestField(hash: Uint8Array): string {
  return `sha-256=:${base64(hash)}:`;
}

function base64(bytes: Uint8Array): string {
  const text = base64urlEncode(bytes).replaceAll("-", "+").replaceAll("_", "/");
  return text + "=".repeat((4 - (text.length % 4)) % 4);
}

/** What a Signature-Input of the profile says. `parameters` is the text that closes the signature base. */
export interface ProfileInput {
  readonly parameters: string;
  readonly withBody: boolean;
  /** Unix seconds. */
  readonly created: number;
  readonly nonce: string;
  readonly keyId: string;
}

const INPUT =
  /^endcap=(\("@method" "@authority" "@path" "@query"( "content-digest" "content-type")?\);created=([1-9][0-9]{0,11});nonce="([A-Za-z0-9_-]{22})";keyid="([A-Za-z0-9_]{1,64})";alg="hmac-sha256";tag="endcap-v1")$/;
const SIGNATURE = /^endcap=:([A-Za-z0-9+/]{43}=):$/;

/** Reads Signature-Input strictly: one label, the exact component list and parameter order; `null` for anything else. */
export function parseSignatureInput(field: string): ProfileInput | null {
  const match = INPUT.exec(field);
  if (!match) return null;
  return {
    parameters: match[1] as string,
    withBody: match[2] !== undefined,
    created: Number(match[3]),
    nonce: match[4] as string,
    keyId: match[5] as string,
  };
}

/** The base64 text of the Signature field's one member; `null` for anything else. Compare it with `signatureText` in constant time. */
export function parseSignature(field: string): string | null {
  return SIGNATURE.exec(field)?.[1] ?? null;
}

/** A MAC as the Signature field spells it (base64). */
export function signatureText(mac: Uint8Array): string {
  return base64(mac);
}

/** The signature base of a request of the profile, from its own parsed input. */
export function profileBase(message: SignableMessage, input: ProfileInput): string | null {
  return signatureBase(
    message,
    (input.withBody ? WITH_BODY : WITHOUT_BODY).map((name) => ({ name })),
    input.parameters,
  );
}

export interface SignRequestOptions {
  readonly method: string;
  readonly url: string;
  readonly body?: Uint8Array;
  /** SHA-256 of the body where something faster computed it already. */
  readonly bodyHash?: Uint8Array;
  readonly contentType?: string;
  readonly keyId: string;
  /** The derived request key (`deriveKeys(...).request`), not the secret. */
  readonly requestKey: Uint8Array;
  /** Unix milliseconds. */
  readonly now: number;
  readonly random: RandomBytes;
}

/** The header fields that sign a request: Signature-Input, Signature and, with a body, Content-Digest and Content-Type. */
export function signRequest(options: SignRequestOptions): Record<string, string> {
  const { authority, path, query } = splitUrl(options.url);
  const fields: Record<string, string> = {};
  if (options.body) {
    fields["content-digest"] = options.bodyHash ? digestField(options.bodyHash) : contentDigest(options.body);
    fields["content-type"] = options.contentType ?? "application/json";
  }
  const components = options.body ? WITH_BODY : WITHOUT_BODY;
  const nonce = base64urlEncode(options.random(new Uint8Array(16)));
  const created = Math.floor(options.now / 1000);
  const parameters = `(${components.map((name) => `"${name}"`).join(" ")});created=${created};nonce="${nonce}";keyid="${options.keyId}";alg="hmac-sha256";tag="${SIGNATURE_TAG}"`;
  const message: SignableMessage = { method: options.method, authority, path, query, field: (name) => fields[name] };
  const base = signatureBase(
    message,
    components.map((name) => ({ name })),
    parameters,
  );
  if (base === null) throw new TypeError("a signed component is missing");
  fields["signature-input"] = `${SIGNATURE_LABEL}=${parameters}`;
  fields.signature = `${SIGNATURE_LABEL}=:${signatureText(hmacSha256(options.requestKey, utf8(base)))}:`;
  return fields;
}

/** Authority (lower case, default port dropped), path and query of an absolute http(s) URL, as they are sent. */
function splitUrl(url: string): { authority: string; path: string; query: string } {
  const match = /^(https?):\/\/([^/?#@]+)([^?#]*)(\?[^#]*)?$/i.exec(url);
  if (!match) throw new TypeError("a signed request needs an absolute http(s) URL without user name or fragment");
  const scheme = (match[1] as string).toLowerCase();
  const host = (match[2] as string).toLowerCase();
  const authority = scheme === "https" ? host.replace(/:443$/, "") : host.replace(/:80$/, "");
  return { authority, path: match[3] || "/", query: match[4] || "?" };
}
