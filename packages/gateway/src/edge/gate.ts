import { EndcapError, type Scope } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from "fastify";
import type { BrowserAuth, EnvelopeUse } from "../auth/browser-request.ts";
import type { Caller } from "../auth/caller.ts";
import { hasBody, type ProvenHeaders, type ServerAuth } from "../auth/server-request.ts";
import type { Admission } from "../limits/admission.ts";
import type { BackSeats } from "../limits/back-seats.ts";
import type { BodyBudget } from "../limits/body-budget.ts";
import type { FailedProofs } from "../limits/failed-proofs.ts";
import type { LoadShedder } from "../limits/load-shedder.ts";
import type { Quota } from "../limits/quota.ts";
import type { TenantDirectory } from "../tenants/directory.ts";
import type { Passage } from "../tracing/passage.ts";
import type { Tracer } from "../tracing/tracer.ts";
import { answerFault } from "./answer.ts";
import { checkTarget } from "./target.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who the gate let in, and what of the body goes on. */
    admitted: Admitted | null;
    provenHeaders: ProvenHeaders | null;
  }
  interface FastifyContextConfig {
    /** Any one of these lets a secret key in. */
    scopes?: readonly Scope[];
    /** Browsers may call the route, with an envelope of this use. */
    envelope?: EnvelopeUse;
    /** What the request is for; absent: catalogue, imports and the like. */
    traffic?: "events" | "recommendations";
  }
}

export interface Admitted {
  readonly caller: Caller;
  /** The bytes of the body without the envelope line; `null` where there is no body. */
  readonly payload: Buffer | null;
}

export interface GateOptions {
  readonly directory: Pick<TenantDirectory, "assertKnown">;
  readonly tracer: Tracer;
  readonly servers: ServerAuth;
  readonly browsers: BrowserAuth;
  readonly failedProofs: FailedProofs;
  readonly bodies: BodyBudget;
  readonly quota: Quota;
  readonly shedder: LoadShedder;
  readonly admission: Admission;
  readonly backSeats: BackSeats;
  readonly draining: () => boolean;
  readonly now: () => number;
}

type Hook = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void;

/** @returns why the request is refused; whatever it throws says so as well */
type Judge = (
  request: FastifyRequest,
  reply: FastifyReply,
  passage: Passage,
  waited: boolean,
) => EndcapError | undefined;

/**
 * Guards every route that the scope gets from now on. A server's request is judged by its headers before its body is
 * read, a browser's when its envelope has arrived; both count against their tenant's limits as soon as the tenant is
 * proven.
 */
export function guard(app: App, options: GateOptions): void {
  const { directory, tracer, servers, browsers, failedProofs, bodies, quota, shedder, admission, backSeats } = options;
  const { draining, now } = options;
  const refused: { readonly reply: FastifyReply; readonly fault: unknown; readonly at: number }[] = [];
  app.decorateRequest("admitted", null);
  app.decorateRequest("provenHeaders", null);
  app.decorateRequest("passage", null);

  // By route: Fastify would put together the route's options for each request that asks for them.
  app.addHook("onRoute", (route) => {
    const { scopes = [], envelope, traffic } = route.config ?? {};
    const isEvents = traffic === "events";
    route.onRequest = [judgeHeaders(scopes, envelope, isEvents), route.onRequest ?? []].flat();
    route.preHandler = [judgeBody(envelope, isEvents), route.preHandler ?? []].flat();
  });

  function judgeHeaders(scopes: readonly Scope[], envelope: EnvelopeUse | undefined, isEvents: boolean): Hook {
    const judgeServer = afterOthers((request, reply, passage) => {
      const startedAt = performance.now();
      const proven = servers.verifyHeaders(request, scopes);
      passage.authMs += performance.now() - startedAt;
      request.provenHeaders = proven;
      const refusal = enter(reply, proven.caller, isEvents);
      if (refusal !== undefined) return refusal;
      checkBodySize(proven.caller, Number(request.headers["content-length"] ?? 0));
      bodies.reserve(reply);
      return undefined;
    });

    return (request, reply, done) => {
      request.passage = tracer.begin(request.headers);
      const isBrowser = isEnvelope(request);
      try {
        checkTarget(request);
        directory.assertKnown();
        if (isBrowser && envelope === undefined) throw new EndcapError("content_type_unsupported");
      } catch (error) {
        refuse(reply, error);
        return;
      }
      if (isBrowser) done();
      else judgeServer(request, reply, done);
    };
  }

  function judgeBody(envelope: EnvelopeUse = "call", isEvents: boolean): Hook {
    const judgeBrowser = afterOthers((request, reply, passage, waited) => {
      const body = bodyOf(request);
      const startedAt = performance.now();
      const bytes = body ?? Buffer.alloc(0);
      // Whose last request was over the limit is most likely over it again, and need not be proven to be told so.
      const proven = waited
        ? browsers.verifyUnless(reply, bytes, envelope, (caller) => foresee(reply, caller))
        : browsers.verify(reply, bytes, envelope);
      passage.authMs += performance.now() - startedAt;
      if (proven instanceof EndcapError) return proven;
      const refusal = enter(reply, proven.caller, isEvents);
      if (refusal !== undefined) return refusal;
      checkBodySize(proven.caller, body?.length ?? 0);
      request.admitted = proven;
      return undefined;
    });

    return (request, reply, done) => {
      const { provenHeaders } = request;
      if (provenHeaders === null) judgeBrowser(request, reply, done);
      else admitServer(provenHeaders, request, reply, done);
    };
  }

  function admitServer(
    { caller, admitBody }: ProvenHeaders,
    request: FastifyRequest,
    reply: FastifyReply,
    done: HookHandlerDoneFunction,
  ): void {
    try {
      const body = bodyOf(request);
      const startedAt = performance.now();
      checkBodySize(caller, body?.length ?? 0);
      const waiting = admitBody(body ?? undefined);
      if (request.passage !== null) request.passage.authMs += performance.now() - startedAt;
      request.admitted = { caller, payload: body };
      if (waiting === undefined) done();
      else waiting.then(() => done()).catch((error: unknown) => refuse(reply, error));
    } catch (error) {
      refuse(reply, error);
    }
  }

  /**
   * A judgement for which those of an over-limit tenant wait. A browser's request waits with its body read: were it to
   * wait in the stream, that would cost a tenth of its refusal.
   */
  function afterOthers(judge: Judge): Hook {
    function decide(
      request: FastifyRequest,
      reply: FastifyReply,
      done: HookHandlerDoneFunction,
      waited: boolean,
    ): void {
      try {
        const refusal = judge(request, reply, passageOf(request), waited);
        if (refusal !== undefined) {
          refuse(reply, refusal);
          return;
        }
      } catch (error) {
        refuse(reply, error);
        return;
      }
      done();
    }

    return (request, reply, done) => {
      if (!backSeats.has(request.socket)) {
        decide(request, reply, done, false);
        return;
      }
      backSeats.wait(() => {
        // Whoever left meanwhile was recorded already: counted as in flight now, it would stay so for ever.
        if (!reply.raw.destroyed) decide(request, reply, done, true);
      });
    };
  }

  /** At the end of the turn: answers written one after the other wake their clients at a third of the price. */
  function refuse(reply: FastifyReply, error: unknown): void {
    const at = now();
    const fault = failedProofs.judge(reply, error, at);
    if (refused.push({ reply, fault, at }) === 1) setImmediate(answerRefused);
  }

  function answerRefused(): void {
    for (const { reply, fault, at } of refused.splice(0)) answerFault(reply, fault, at, draining());
  }

  /** @returns why the caller would have to wait, were it proven */
  function foresee({ request }: FastifyReply, caller: Caller): EndcapError | undefined {
    const refusal = admission.foresee(caller, request, now());
    if (refusal !== undefined) isFrom(request, caller);
    return refusal;
  }

  /** @returns why the caller has to wait; @throws EndcapError `quota_exceeded` */
  function enter(reply: FastifyReply, caller: Caller, isEvents: boolean): EndcapError | undefined {
    const { request } = reply;
    isFrom(request, caller);
    const at = now();
    const overloaded = shedder.admit(caller.tier, isEvents);
    if (overloaded !== undefined) return overloaded;
    const overLimit = admission.admit(caller, request, at);
    backSeats.note(request.socket, overLimit !== undefined);
    // Test data is never billed.
    if (overLimit === undefined && isEvents && caller.principal.env === "live") quota.check(caller, reply, at);
    return overLimit;
  }
}

function isFrom(request: FastifyRequest, caller: Caller): void {
  request.principal = caller.principal;
  request.tenant = caller;
  // A page learns from any answer that its settings are old, and asks for a session again.
  if (caller.origin !== undefined) request.answerFields.push("endcap-settings", caller.settings.etag);
}

/** @throws EndcapError `body_too_large` past a bound of the tenant's own, by the announced length and by the real one */
function checkBodySize({ limits: { bodyBytesMax } }: Caller, bytes: number): void {
  if (bodyBytesMax !== undefined && bytes > bodyBytesMax) throw new EndcapError("body_too_large");
}

/** @throws EndcapError `body_missing` where the method promises one */
function bodyOf(request: FastifyRequest): Buffer | null {
  const { body } = request;
  if (Buffer.isBuffer(body) && body.length > 0) return body;
  if (request.method === "POST" || request.method === "PUT") throw new EndcapError("body_missing");
  if (hasBody(request)) throw new EndcapError("invalid_request", { detail: "This route takes no body." });
  return null;
}

function isEnvelope({ headers }: FastifyRequest): boolean {
  const type = headers["content-type"];
  return type !== undefined && /^text\/plain(?:\s*;|\s*$)/i.test(type);
}

function passageOf({ passage }: FastifyRequest): Passage {
  if (passage === null) throw new TypeError("the gate is asked before a request's way has begun");
  return passage;
}

/** What the gate let in. */
export function admittedTo(request: Pick<FastifyRequest, "admitted">): Admitted {
  if (request.admitted === null) throw new TypeError("the route is not behind the gate");
  return request.admitted;
}
