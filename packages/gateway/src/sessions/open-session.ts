import {
  EndcapError,
  isAnonymousId,
  newAnonymousId,
  type OpenSessionAnswer,
  OpenSessionRequest,
  type Principal,
} from "@endcap/protocol";
import { type App, pointersOf } from "@endcap/service-kit";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Compile } from "typebox/compile";
import type { BrowserAuth, ProvenBrowser } from "../auth/browser-request.ts";
import { verifyUserToken } from "../auth/user-tokens.ts";
import { checkTarget } from "../edge/target.ts";
import type { Admission } from "../limits/admission.ts";
import type { FailedProofs } from "../limits/failed-proofs.ts";
import type { TenantDirectory } from "../tenants/directory.ts";
import { readIdCookie, usesIdCookie, writeIdCookie } from "./id-cookie.ts";
import type { Links } from "./links.ts";
import type { SessionObjects } from "./session-objects.ts";

export interface OpenSessionOptions {
  readonly directory: Pick<TenantDirectory, "assertKnown">;
  readonly browsers: BrowserAuth;
  readonly sessions: SessionObjects;
  readonly links: Links;
  readonly failedProofs: FailedProofs;
  readonly admission: Admission;
  readonly now: () => number;
}

const requestCheck = Compile(OpenSessionRequest);
const brace = 0x7b;

/**
 * POST /v1/sessions: a page opens a session by its publishable key, or, signed in, by its backend's user token. Under
 * the envelope of its anonymous session it proves that id too, and the two are linked.
 */
export async function openSessionRoute(
  app: App,
  { directory, browsers, sessions, links, failedProofs, admission, now }: OpenSessionOptions,
): Promise<void> {
  app.addHook("onRequest", async (request) => {
    checkTarget(request);
    directory.assertKnown();
  });

  app.post("/v1/sessions", (request, reply) =>
    open(request, reply).catch((error: unknown) => {
      throw failedProofs.judge(reply, error, now());
    }),
  );

  async function open(request: FastifyRequest, reply: FastifyReply): Promise<OpenSessionAnswer> {
    const { body, passage } = request;
    const startedAt = performance.now();
    if (!Buffer.isBuffer(body) || body.length === 0) throw new EndcapError("body_missing");
    const proven = body[0] === brace ? undefined : provenSession(reply, body);
    const asked = readRequest(proven?.payload ?? body);
    const { key, origin } = browsers.bootstrapKey(reply, asked.key);
    const { tenant, env } = key;
    request.principal = { tenant: tenant.id, env, tier: tenant.tier, scope: [], auth: "ep1", key: key.id };
    request.tenant = tenant;
    if (proven !== undefined && (proven.caller.tenant !== tenant || proven.caller.principal.env !== env)) {
      throw new EndcapError("session_invalid", { internal: "the session belongs to another tenant or environment" });
    }
    const refusal = admission.admit(tenant, request, now());
    if (refusal !== undefined) throw refusal;

    const user = asked.userToken === undefined ? undefined : await verifyUserToken(tenant, env, asked.userToken, now());
    const authMs = performance.now() - startedAt;
    if (passage !== null) passage.authMs = authMs;
    const provenId = proven?.caller.principal.anonymousId;
    const byCookie = usesIdCookie(request, tenant);
    const anonymousId =
      provenId ??
      asked.anonymousId ??
      (byCookie ? readIdCookie(request) : undefined) ??
      user?.anonymousId ??
      newAnonymousId((bytes) => crypto.getRandomValues(bytes));
    if (!isAnonymousId(anonymousId)) {
      throw new EndcapError("invalid_request", { errors: [{ pointer: "/anonymousId", code: "pattern" }] });
    }
    if (byCookie) writeIdCookie(reply, anonymousId);
    const session = { sub: anonymousId, ...(user && { uid: user.userId }), key: key.id, env, origin };
    if (user !== undefined && (provenId === anonymousId || user.anonymousId === anonymousId)) {
      const ids = { anonymousId, userId: user.userId };
      const { tier } = tenant;
      const principal: Principal = { tenant: tenant.id, env, tier, scope: [], auth: "ec1", key: key.id, ...ids };
      await links.write(tenant, principal, { ...ids, at: new Date(now()).toISOString() }, request.id);
      if (passage !== null) passage.upstreamMs = performance.now() - startedAt - authMs;
    }
    return { session: sessions.create(request, tenant, session), ...(user && { userId: user.userId }) };
  }

  function provenSession(reply: FastifyReply, body: Buffer): ProvenBrowser {
    const proven = browsers.verify(reply, body, "call");
    // A bootstrap envelope proves nothing that the plain request would not say.
    if (proven.caller.bootstrap !== undefined) throw new EndcapError("envelope_malformed");
    return proven;
  }
}

function readRequest(payload: Buffer): OpenSessionRequest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(payload.toString("utf8"));
  } catch (error) {
    throw new EndcapError("invalid_json", { cause: error });
  }
  if (requestCheck.Check(parsed)) return parsed;
  throw new EndcapError("invalid_request", { errors: pointersOf(requestCheck.Errors(parsed)) });
}
