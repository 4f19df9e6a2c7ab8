import type { IncomingHttpHeaders } from "node:http";
import type { Principal, SnapshotUpstream } from "@endcap/protocol";
import { type App, clientGone, createService, internalAuth, partRoute, type Service } from "@endcap/service-kit";
import { pino } from "pino";

/** What an upstream saw of one request. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly principal: Principal;
  readonly body: string;
  /** Of the caller's address, in parts of coalesced requests. */
  readonly mark?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

/** An upstream side of the wire: a real service with real internal-token checks; the test decides its answers. */
export interface Upstream {
  readonly snapshot: SnapshotUpstream;
  readonly service: Service;
  readonly seen: Seen[];
  /** Number of parts of each coalesced request. */
  readonly batches: number[];
  answer: (seen: Seen, signal: AbortSignal) => Answer | Promise<Answer>;
}

export async function startUpstream(
  kind: SnapshotUpstream["kind"],
  jwksFile: string,
  { port = 0, now = Date.now }: { port?: number; now?: () => number } = {},
): Promise<Upstream> {
  const config = {
    host: "127.0.0.1",
    port,
    adminHost: "127.0.0.1",
    adminPort: 0,
    logLevel: "silent",
    drainDelayMs: 0,
    drainMsMax: 500,
  };
  const service = createService({ name: kind, config, trustRequestId: true, log: pino({ level: "silent" }) });
  const seen: Seen[] = [];
  const batches: number[] = [];
  const accepted = { accepted: 1, duplicates: 0, rejected: [], serverTime: "2026-01-01T00:00:00.000Z" };
  const upstream = { service, seen, batches, answer: (): Answer => ({ status: 200, body: accepted }) };

  async function routes(internal: App): Promise<void> {
    internal.removeAllContentTypeParsers();
    internal.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: 64 << 20 }, (_request, body, done) =>
      done(null, body),
    );
    await internal.register(internalAuth, { audience: kind, jwksFile, now });
    internal.post("/internal/v1/event-batches", { config: { principal: "none" } }, async (request, reply) => {
      const parts = splitParts(request.body as Buffer);
      batches.push(parts.length);
      const lines = await Promise.all(
        parts.map(async ({ p, r, a, payload }) => {
          const part = {
            method: "PART",
            url: r,
            headers: request.headers,
            principal: p,
            body: payload,
            ...(a !== undefined && { mark: a }),
          };
          seen.push(part);
          const { status, body } = await made.answer(part, clientGone(request));
          return `${JSON.stringify({ r, s: status, b: body })}\n`;
        }),
      );
      return reply.type("application/x-ndjson").send(lines.join(""));
    });
    partRoute(internal, {
      path: "/internal/v1/recommendation-parts",
      payloadBytesMax: 1 << 20,
      tenant: undefined,
      async answer({ principal, payload, deadlineMs, traceparent, tracestate, gone }, request) {
        const { headers } = request;
        const part = {
          method: "POST",
          url: "/v1/recommendations",
          headers: {
            ...headers,
            "endcap-deadline-ms": String(deadlineMs),
            ...(traceparent !== undefined && { traceparent }),
            ...(tracestate !== undefined && { tracestate }),
          },
          principal,
          body: payload.toString(),
        };
        seen.push(part);
        const { status, body } = await made.answer(part, gone);
        return { status, body: typeof body === "string" ? body : JSON.stringify(body) };
      },
      observe: () => undefined,
      now,
    });
    internal.all("/*", async (request, reply) => {
      const { method, url, headers, principal, body } = request;
      if (principal === null) throw new Error("no principal");
      const one = { method, url, headers, principal, body: Buffer.isBuffer(body) ? body.toString() : "" };
      seen.push(one);
      const { status, body: answer, headers: more } = await made.answer(one, clientGone(request));
      const type = status < 400 ? "application/json" : "application/problem+json";
      return reply
        .code(status)
        .headers({ "content-type": type, ...more })
        .send(Buffer.from(typeof answer === "string" ? answer : JSON.stringify(answer)));
    });
  }
  service.app.register(routes);
  const { url } = await service.listen();
  const made: Upstream = Object.assign(upstream, { snapshot: { id: kind, kind, url } });
  return made;
}

function splitParts(body: Buffer): { p: Principal; r: string; a?: string; payload: string }[] {
  const parts = [];
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf(10, at);
    const { p, r, n, a } = JSON.parse(body.toString("utf8", at, end));
    parts.push({ p, r, a, payload: body.toString("utf8", end + 1, end + 1 + n) });
    if (body[end + 1 + n] !== 10) throw new Error("a part does not end where its header says");
    at = end + n + 2;
  }
  return parts;
}
