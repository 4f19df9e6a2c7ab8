import { hash, timingSafeEqual } from "node:crypto";
import {
  EndcapError,
  LIMITS,
  type Principal,
  type ProfileInput,
  parseSignature,
  parseSignatureInput,
  profileBase,
  type Scope,
  type SignableMessage,
} from "@endcap/protocol";
import type { FastifyRequest } from "fastify";
import type { TenantDirectory } from "../tenants/directory.ts";
import type { KeyContext } from "../tenants/tenant-context.ts";
import { type Caller, callerOf } from "./caller.ts";
import { isMacOf } from "./mac.ts";
import type { NonceStore } from "./nonce-store.ts";

/**
 * A server request whose headers are proven and whose body may not have arrived yet. The MAC covers the digest of the
 * body, so that a stranger's 8 MB are refused before they are read.
 */
export interface ProvenHeaders {
  readonly caller: Caller;
  /**
   * Checks the body, and uses the nonce up. A promise where other gateways are asked about the nonce.
   * @throws EndcapError `digest_mismatch`, `nonce_replayed`
   */
  admitBody(body: Uint8Array | undefined): Promise<void> | undefined;
}

export interface ServerAuth {
  /** @throws EndcapError a refusal of the signature, the bearer secret, the key or its scopes */
  verifyHeaders(request: FastifyRequest, scopes: readonly Scope[]): ProvenHeaders;
}

export function createServerAuth(directory: TenantDirectory, nonces: NonceStore, now: () => number): ServerAuth {
  return {
    verifyHeaders(request, scopes) {
      const { headers } = request;
      const signature = headers["signature-input"];
      const proven =
        typeof signature === "string"
          ? verifySignature(request, signature)
          : verifyBearer(headers.authorization ?? "", directory, now());
      if (!scopes.some((scope) => proven.key.scopes.includes(scope))) {
        throw new EndcapError("scope_missing", { detail: `This needs the scope ${scopes.join(" or ")}.` });
      }
      return { caller: keyCaller(proven.key), admitBody: proven.admitBody };
    },
  };

  function verifySignature(request: FastifyRequest, field: string) {
    const input = parseSignatureInput(field);
    const given = parseSignature(headerText(request, "signature"));
    if (input === null || given === null || input.withBody !== hasBody(request)) {
      throw new EndcapError("signature_profile");
    }
    const at = now();
    const key = directory.key(input.keyId, "secret", at);
    const created = input.created * 1000;
    if (Math.abs(at - created) > LIMITS.signatureSkewMs) throw new EndcapError("signature_expired");
    if (key.secret === undefined) throw new EndcapError("key_unknown", { internal: "the snapshot holds no secret" });
    const base = profileBase(messageOf(request), input);
    if (base === null) throw new EndcapError("signature_profile");
    if (!isMacOf(given, "base64", key.secret.request, base)) throw new EndcapError("signature_invalid");
    return { key, admitBody: (body: Uint8Array | undefined) => admitSigned(request, input, body) };
  }

  function admitSigned(
    request: FastifyRequest,
    input: ProfileInput,
    body: Uint8Array | undefined,
  ): Promise<void> | undefined {
    if (input.withBody) {
      const digest = `sha-256=:${hash("sha256", body ?? new Uint8Array(), "base64")}:`;
      if (digest !== headerText(request, "content-digest")) throw new EndcapError("digest_mismatch");
    }
    const isNew = nonces.use(input.keyId, input.nonce, input.created * 1000, now());
    if (typeof isNew !== "boolean") return isNew.then(refuseReplay);
    refuseReplay(isNew);
    return undefined;
  }
}

function refuseReplay(isNew: boolean): void {
  if (!isNew) throw new EndcapError("nonce_replayed");
}

/** A key's caller is the same for all its requests, until the snapshot brings the key anew. */
function keyCaller(key: KeyContext): Caller {
  if (key.caller !== undefined) return key.caller;
  const { id, env, scopes, tenant } = key;
  const principal: Principal = { tenant: tenant.id, env, tier: tenant.tier, scope: scopes, auth: "sk", key: id };
  key.caller = callerOf(tenant, principal);
  return key.caller;
}

/** The name of a scheme is in any case, RFC 9110. */
const scheme = /^bearer /i;
const bearer = /^([a-z0-9_]{1,64})\.([A-Za-z0-9_-]{43})$/;

function verifyBearer(field: string, directory: TenantDirectory, now: number) {
  if (!scheme.test(field)) throw new EndcapError("unauthenticated");
  const [, id, secret] = bearer.exec(field.slice("bearer ".length)) ?? [];
  if (id === undefined || secret === undefined) throw new EndcapError("key_malformed");
  const key: KeyContext = directory.key(id, "secret", now);
  if (key.tenant.traits.noBearer) throw new EndcapError("bearer_disabled");
  const expected = Buffer.from(key.secret?.bearerHash ?? "", "base64url");
  const given = hash("sha256", secret, "buffer");
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) {
    throw new EndcapError("signature_invalid");
  }
  return {
    key,
    // TLS vouches for the body.
    admitBody: () => undefined,
  };
}

function headerText(request: FastifyRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
}

/** Whether the request says that a body follows. `content-length: 0` says that none does. */
export function hasBody({ headers }: FastifyRequest): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

function messageOf(request: FastifyRequest): SignableMessage {
  const url = request.raw.url ?? "/";
  const cut = url.indexOf("?");
  return {
    method: request.method,
    authority: (request.headers.host ?? "").toLowerCase(),
    path: cut < 0 ? url : url.slice(0, cut),
    query: cut < 0 ? "?" : url.slice(cut),
    field: (name) => headerText(request, name) || undefined,
  };
}
