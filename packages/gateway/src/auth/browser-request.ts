import {
  EndcapError,
  type Envelope,
  envelopeSigningPrefix,
  isAnonymousId,
  LIMITS,
  type Principal,
  parseEnvelope,
  type SessionClaims,
} from "@endcap/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { allowOrigin } from "../cors/allow-origin.ts";
import type { AddressLimiter } from "../limits/address-limiter.ts";
import type { SessionLimits } from "../limits/session-limits.ts";
import type { TenantDirectory } from "../tenants/directory.ts";
import type { KeyContext, TenantContext } from "../tenants/tenant-context.ts";
import { type Caller, callerOf } from "./caller.ts";
import { isMacOf } from "./mac.ts";
import type { SessionTokens, SessionVerdict, Standing } from "./session-tokens.ts";

/** What a signed envelope is used for decides how old it may be. */
export type EnvelopeUse = "events" | "call";

export interface ProvenBrowser {
  readonly caller: Caller;
  /** What the envelope line left: forwarded as it is. */
  readonly payload: Buffer;
}

export interface BrowserAuth {
  /**
   * Reads and proves the envelope of a body.
   * @throws EndcapError
   */
  verify(reply: FastifyReply, body: Buffer, use: EnvelopeUse): ProvenBrowser;
  /**
   * The same, unless `refuse` has a reason against the caller. It is asked when the session's token and the origin are
   * proven and before the envelope's own signature is: that is a fifteenth of what a refusal costs.
   * @throws EndcapError
   */
  verifyUnless(
    reply: FastifyReply,
    body: Buffer,
    use: EnvelopeUse,
    refuse: (caller: Caller) => EndcapError | undefined,
  ): ProvenBrowser | EndcapError;
  /**
   * The publishable key that a page without a session names.
   * @throws EndcapError also when the page's origin is not the tenant's, or its address asks too often
   */
  bootstrapKey(reply: FastifyReply, keyId: string): { key: KeyContext; origin: string };
}

export interface BrowserAuthOptions {
  readonly directory: TenantDirectory;
  readonly sessions: SessionTokens;
  /** Of pages without a session. */
  readonly bootstraps: AddressLimiter;
  readonly sessionLimits: SessionLimits;
  readonly now: () => number;
}

export function createBrowserAuth({
  directory,
  sessions,
  bootstraps,
  sessionLimits,
  now,
}: BrowserAuthOptions): BrowserAuth {
  function bootstrapKey(reply: FastifyReply, keyId: string): { key: KeyContext; origin: string } {
    const at = now();
    const key = directory.key(keyId, "publishable", at);
    const origin = originOf(reply.request);
    if (!key.tenant.origins.has(origin)) throw new EndcapError("origin_denied");
    allowOrigin(reply.request, origin);
    bootstraps.take(reply, at);
    return { key, origin };
  }

  function verifyBootstrap(reply: FastifyReply, envelope: Extract<Envelope, { form: "EP1" }>): Caller {
    const { key, origin } = bootstrapKey(reply, envelope.key);
    const { tenant } = key;
    if (tenant.traits.noBootstrap) throw new EndcapError("bootstrap_disabled");
    if (!isAnonymousId(envelope.anonymousId)) throw new EndcapError("envelope_malformed");
    const { env, id } = key;
    const { tier } = tenant;
    const { anonymousId } = envelope;
    const principal: Principal = { tenant: tenant.id, env, tier, scope: [], auth: "ep1", key: id, anonymousId };
    return callerOf(tenant, principal, origin, key);
  }

  function verifySigned(
    reply: FastifyReply,
    envelope: Extract<Envelope, { form: "EC1" }>,
    payload: Buffer,
    use: EnvelopeUse,
    verdict: SessionVerdict,
    at: number,
    refuse: ((caller: Caller) => EndcapError | undefined) | undefined,
  ): Caller | EndcapError {
    const { request } = reply;
    const { claims, signingKey } = verdict;
    verdict.standing ??= standingOf(claims);
    const { caller, keyEndsAt } = verdict.standing;
    if (at >= keyEndsAt) throw new EndcapError("session_revoked");
    const origin = originOf(request);
    if (origin !== claims.origin) throw new EndcapError("origin_denied");
    allowOrigin(request, origin);
    const refusal = refuse?.(caller);
    if (refusal !== undefined) return refusal;
    const prefix = envelopeSigningPrefix(request.method, request.raw.url ?? "/", envelope.msText);
    if (!isMacOf(envelope.signature, "base64url", signingKey, prefix, payload)) {
      throw new EndcapError("signature_invalid");
    }
    judgeTime(envelope.ms, claims.exp * 1000, use, at);
    sessionLimits.take(reply, verdict.rate, at);
    return caller;
  }

  /** The session's tenant as it is now: a session ends with its tenant, its key, or by its own jti. */
  function standingOf(claims: SessionClaims): Standing {
    const tenant = directory.tenant(claims.tenant);
    const key = tenant?.keys.find(({ id }) => id === claims.key);
    if (tenant === undefined || key === undefined || directory.isRevoked(claims.jti)) {
      throw new EndcapError("session_revoked");
    }
    if (tenant.traits.isSuspended) throw new EndcapError("tenant_suspended");
    return { caller: sessionCaller(claims, tenant), keyEndsAt: key.expiresAt };
  }

  function verifyUnless(
    reply: FastifyReply,
    body: Buffer,
    use: EnvelopeUse,
    refuse?: (caller: Caller) => EndcapError | undefined,
  ): ProvenBrowser | EndcapError {
    const parsed = parseEnvelope(body, textOf);
    if (parsed === null) throw new EndcapError("envelope_malformed");
    const { envelope } = parsed;
    const payload = body.subarray(parsed.payloadOffset);
    if (envelope.form === "EP1") return { caller: verifyBootstrap(reply, envelope), payload };
    const at = now();
    const verdict = sessions.verify(envelope.token, at);
    const caller = verifySigned(reply, envelope, payload, use, verdict, at, refuse);
    return caller instanceof EndcapError ? caller : { caller, payload };
  }

  return {
    bootstrapKey,
    verify(reply, body, use) {
      const proven = verifyUnless(reply, body, use);
      if (proven instanceof EndcapError) throw proven;
      return proven;
    },
    verifyUnless,
  };
}

const textOf = (bytes: Buffer, start: number, end: number): string => bytes.toString("latin1", start, end);

function sessionCaller({ env, key, sub, uid, origin }: SessionClaims, tenant: TenantContext): Caller {
  const principal: Principal = {
    tenant: tenant.id,
    env,
    tier: tenant.tier,
    scope: [],
    auth: "ec1",
    key,
    anonymousId: sub,
    ...(uid !== undefined && { userId: uid }),
  };
  return callerOf(tenant, principal, origin);
}

function originOf({ headers }: FastifyRequest): string {
  return headers.origin ?? "";
}

/** @throws EndcapError `session_expired`, `clock_behind`, `clock_ahead`, `signature_expired` */
function judgeTime(ms: number, sessionEnd: number, use: EnvelopeUse, now: number): void {
  const end = sessionEnd + LIMITS.sessionGraceMs;
  if (use === "events") {
    // A batch was frozen while the session lived, and may arrive long after it.
    if (ms > end) throw new EndcapError("session_expired");
    if (ms < now - LIMITS.batchAgeMs) throw new EndcapError("clock_behind");
    if (ms > now + LIMITS.clockAheadMs) throw new EndcapError("clock_ahead");
    return;
  }
  if (now > end) throw new EndcapError("session_expired");
  if (Math.abs(now - ms) > LIMITS.signatureSkewMs) throw new EndcapError("signature_expired");
}
