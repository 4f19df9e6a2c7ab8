import { randomFillSync } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { App } from "@endcap/service-kit";
import type { FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { Passage } from "./passage.ts";
import { readTraceContext, type TraceContext } from "./trace-context.ts";

export interface TracerOptions {
  /** Where spans go, as http://collector:4318/v1/traces; absent: nowhere, and none is made. */
  readonly url: string | undefined;
  /** Share of the traces begun here that are exported. */
  readonly sampleRatio: number;
  readonly log: Logger;
  readonly registry: Registry;
  readonly now: () => number;
}

export interface Tracer {
  /** Begins a request's way: its caller's trace goes on, or a new one begins where spans are exported. */
  begin(headers: IncomingHttpHeaders): Passage;
  /** Watches the ends of an app's requests; without an exporter it does nothing. */
  watch(app: App): void;
  /** Sends what is left. */
  close(): Promise<void>;
}

/** nginx's word for a client that went away. */
const clientGone = 499;

/**
 * Without an exporter the gateway is no part of a trace: it hands the caller's context on and spends nothing else. With
 * one, each sampled request is one span. The ratio alone decides which: a caller's `sampled` flag would let anybody who
 * knows a route decide how much is exported.
 */
export async function createTracer({ url, sampleRatio, log, registry, now }: TracerOptions): Promise<Tracer> {
  if (url === undefined) {
    return {
      begin({ traceparent, tracestate }) {
        return new Passage(readTraceContext(field(traceparent), tracestate), undefined);
      },
      watch: () => undefined,
      close: async () => undefined,
    };
  }
  // Only here, so that a gateway without an exporter does not even load it.
  const { createOtlpExporter } = await import("./otlp.ts");
  const exporter = createOtlpExporter({ url, log, registry });
  const ids = createIds();
  const bound = Math.floor(sampleRatio * 0x1_0000_0000);
  // By the trace's last digits, as OpenTelemetry's samplers do: all gateways decide the same of one trace.
  const inRatio = (traceId: string) => Number.parseInt(traceId.slice(-8), 16) < bound;

  function end(request: FastifyRequest, status: number, ms: number): void {
    const { passage, principal, fault, method } = request;
    if (passage?.trace?.sampled !== true) return;
    const route = request.routeOptions.url ?? "unmatched";
    exporter.add({
      trace: passage.trace,
      parentSpanId: passage.parentSpanId,
      name: `${method} ${route}`,
      endedAt: now(),
      ms,
      failed: status >= 500,
      attributes: {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
        "endcap.request_id": request.id,
        "endcap.tenant": principal?.tenant,
        "endcap.tier": principal?.tier,
        "endcap.code": fault?.code,
        "endcap.auth_ms": passage.authMs,
        "endcap.queue_ms": passage.queueMs,
        "endcap.upstream_ms": passage.upstreamMs,
      },
    });
  }

  return {
    begin({ traceparent, tracestate }) {
      const parent = readTraceContext(field(traceparent), tracestate);
      const traceId = parent?.traceId ?? ids.trace();
      const trace: TraceContext = { ...parent, traceId, spanId: ids.span(), sampled: inRatio(traceId) };
      return new Passage(trace, parent?.spanId);
    },
    watch(app) {
      app.addHook("onRequest", (request, reply, done) => {
        const { raw } = reply;
        // Fastify's own hooks miss a client that leaves between the end of its body and the answer. It comes once.
        raw.on("close", () => end(request, raw.writableEnded ? raw.statusCode : clientGone, reply.elapsedTime));
        done();
      });
    },
    close: () => exporter.close(),
  };
}

const field = (value: string | string[] | undefined) => (typeof value === "string" ? value : undefined);

/** Random ids, drawn many at a time: a call of the random source for each would cost more than the rest of a span. */
function createIds(): { trace(): string; span(): string } {
  const pool = Buffer.alloc(4_096);
  let used = pool.length;
  function draw(bytes: number): string {
    if (used + bytes > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += bytes;
    const id = pool.toString("hex", used - bytes, used);
    return /^0+$/.test(id) ? draw(bytes) : id;
  }
  return { trace: () => draw(16), span: () => draw(8) };
}
