import { EndcapError, LIMITS, PARTS_CONTENT_TYPE, type Principal } from "@endcap/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { App } from "../app.ts";
import { assertTenant, checkPrincipal } from "../auth/principal.ts";
import { endcapErrorOf, problemResponse } from "../http/problems.ts";
import { givenRequestId } from "../http/request-id.ts";
import { type Frame, FrameError, FrameReader } from "./frames.ts";

/** What one caller asks, among others on one open request. */
export interface Part {
  readonly requestId: string;
  readonly principal: Principal;
  readonly payload: Buffer;
  /** Milliseconds the caller waits, when it said so. */
  readonly deadlineMs: number | undefined;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  /** Aborts when the part is given up or its connection ends. */
  readonly gone: AbortSignal;
}

export interface PartReply {
  readonly status: number;
  /** JSON. */
  readonly body: string;
  /** Runs when the answer was written to a live connection that still wanted it. */
  readonly written?: (() => void) | undefined;
}

export interface PartRouteOptions {
  readonly path: string;
  readonly payloadBytesMax: number;
  /** The one tenant this process serves; absent: all. */
  readonly tenant: string | undefined;
  /** @param request the open request: its token speaks for all its parts. What it throws becomes this part's refusal */
  readonly answer: (part: Part, request: FastifyRequest) => Promise<PartReply>;
  /** Told of each part that was answered. */
  readonly observe: (status: number, seconds: number) => void;
  readonly now: () => number;
}

/**
 * A request that stays open: its body brings parts, its answer takes each part's own answer as soon as that is made, in
 * any order, and neither waits for the other. Parsing, routing and logging a request of its own costs more than the rest
 * of a small one. Before the server closes it says that it takes no more parts, and finishes those it has.
 */
export function partRoute(app: App, options: PartRouteOptions): void {
  const open = new Set<OpenRequest>();
  app.addContentTypeParser(PARTS_CONTENT_TYPE, (_request, _body, done) => done(null));
  app.post(options.path, { config: { principal: "none", quiet: true } }, (request, reply) => {
    reply.hijack();
    if (reply.raw.destroyed) return; // left while its token was checked: its "close" has been told
    const parts = new OpenRequest(request, reply, options);
    open.add(parts);
    reply.raw.once("close", () => open.delete(parts));
  });
  app.addHook("preClose", (done) => {
    for (const parts of open) parts.sayLast();
    done();
  });
}

interface Held {
  readonly frame: Buffer;
  readonly gone: AbortSignal | undefined;
  readonly written: (() => void) | undefined;
}

/** Made once: an error's stack costs more than the rest of giving a part up. */
const departure = new Error("the caller has left");
const lastFrame = Buffer.from('{"n":0,"last":true}\n\n');
const lineFeed = 10;

class OpenRequest {
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #options: PartRouteOptions;
  readonly #reader: FrameReader;
  readonly #parts = new Map<string, AbortController>();
  /** Answers of this turn, which leave together. */
  #held: Held[] = [];
  #asked = true;

  constructor(request: FastifyRequest, reply: FastifyReply, options: PartRouteOptions) {
    this.#request = request;
    this.#reply = reply;
    this.#options = options;
    this.#reader = new FrameReader(options.payloadBytesMax);
    const { raw } = reply;
    // A connection of its own for each open request: the next one may reach another process.
    raw.writeHead(200, { "content-type": PARTS_CONTENT_TYPE, connection: "close" });
    raw.flushHeaders();
    raw.once("close", () => {
      for (const part of this.#parts.values()) part.abort(departure);
    });
    request.raw.on("data", (chunk: Buffer) => this.#read(chunk));
    request.raw.once("end", () => {
      this.#asked = false;
      this.#endWhenDone();
    });
  }

  sayLast(): void {
    this.#hold({ frame: lastFrame, gone: undefined, written: undefined });
  }

  #read(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) this.#take(frame);
    } catch (error) {
      this.#request.log.error({ err: error }, "an open request brought what is no part");
      this.#reply.raw.destroy();
    }
  }

  #take({ header, payload }: Frame): void {
    const requestId = givenRequestId(header.r);
    if (requestId === undefined) throw new FrameError("has no request id");
    if (header.x === true) this.#parts.get(requestId)?.abort(departure);
    else void this.#answer(requestId, header, payload);
  }

  async #answer(requestId: string, header: Frame["header"], payload: Buffer): Promise<void> {
    const { observe, now } = this.#options;
    const startedAt = performance.now();
    const controller = new AbortController();
    const { signal: gone } = controller;
    let reply: PartReply;
    let principal: Principal | undefined;
    try {
      if (this.#parts.size >= LIMITS.coalescedPartsMax) throw new EndcapError("overloaded");
      this.#parts.set(requestId, controller);
      principal = this.#principal(header.p);
      reply = await this.#options.answer(
        {
          requestId,
          principal,
          payload,
          deadlineMs: typeof header.d === "number" && header.d >= 0 ? header.d : undefined,
          traceparent: textOf(header.t),
          tracestate: textOf(header.ts),
          gone,
        },
        this.#request,
      );
    } catch (thrown) {
      const fault = endcapErrorOf(thrown);
      this.#log(fault, requestId, principal);
      reply = problemResponse(fault, requestId, now());
    }
    if (this.#parts.get(requestId) === controller) this.#parts.delete(requestId);
    observe(reply.status, (performance.now() - startedAt) / 1000);
    if (!gone.aborted) this.#hold({ frame: frameOf(requestId, reply), gone, written: reply.written });
    this.#endWhenDone();
  }

  /** @throws EndcapError `internal_token_invalid` once the token of the open request has ended, and as for any part */
  #principal(value: unknown): Principal {
    const request = this.#request;
    if (request.internal === null || this.#options.now() >= request.internal.expiresAt) {
      throw new EndcapError("internal_token_invalid", { internal: "the token of an open request has ended" });
    }
    const principal = checkPrincipal(value);
    assertTenant(request, principal.tenant, this.#options.tenant);
    return principal;
  }

  #log(fault: EndcapError, reqId: string, principal: Principal | undefined): void {
    const facts = {
      reqId,
      tenant: principal?.tenant,
      status: fault.status,
      code: fault.code,
      err: fault.cause ?? fault,
    };
    if (fault.status >= 500) this.#request.log.error(facts, "a part failed");
    else this.#request.log.info({ ...facts, err: undefined, reason: fault.message }, "a part was refused");
  }

  #hold(held: Held): void {
    if (this.#held.length === 0) setImmediate(() => this.#write());
    this.#held.push(held);
  }

  #write(): void {
    const { raw } = this.#reply;
    const held = this.#held.filter(({ gone }) => gone?.aborted !== true);
    this.#held = [];
    if (raw.destroyed) return;
    const [first] = held;
    if (first !== undefined) {
      const bytes = held.length === 1 ? first.frame : Buffer.concat(held.map(({ frame }) => frame));
      const flows = raw.write(bytes, (error) => {
        if (!error && raw.socket?.destroyed === false) for (const { written } of held) written?.();
      });
      // Who does not read its answers may not ask for more.
      if (!flows && !this.#request.raw.isPaused()) {
        this.#request.raw.pause();
        raw.once("drain", () => this.#request.raw.resume());
      }
    }
    this.#endWhenDone();
  }

  #endWhenDone(): void {
    const { raw } = this.#reply;
    if (!this.#asked && this.#parts.size === 0 && this.#held.length === 0 && !raw.writableEnded) raw.end();
  }
}

function frameOf(requestId: string, { status, body }: PartReply): Buffer {
  const bytes = Buffer.byteLength(body);
  const line = `{"r":"${requestId}","s":${status},"n":${bytes}}\n`;
  const frame = Buffer.allocUnsafe(line.length + bytes + 1);
  frame.write(line, 0, "latin1");
  // Mostly ASCII, which need not be encoded.
  frame.write(body, line.length, bytes === body.length ? "latin1" : "utf8");
  frame[line.length + bytes] = lineFeed;
  return frame;
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
