import type { Logger } from "pino";
import { Counter, type Registry } from "prom-client";
import type { TraceContext } from "./trace-context.ts";

export interface Span {
  readonly trace: TraceContext;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** Unix ms. */
  readonly endedAt: number;
  readonly ms: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
}

export interface OtlpExporter {
  /** Takes a span, or drops it where too many wait; it never waits and never throws. */
  add(span: Span): void;
  /** Sends what waits, once. */
  close(): Promise<void>;
}

export interface OtlpExporterOptions {
  readonly url: string;
  readonly log: Logger;
  readonly registry: Registry;
  readonly everyMs?: number;
}

const waitingMax = 4_096;
const batchMax = 512;
const answerMsMax = 5_000;

/**
 * OTLP/HTTP with JSON (OTLP 1.x): spans leave every second, or when a batch is full, one request at a time. What a receiver
 * does not take is dropped and counted: telemetry is never worth the gateway's memory.
 */
export function createOtlpExporter({ url, log, registry, everyMs = 1_000 }: OtlpExporterOptions): OtlpExporter {
  let waiting: Span[] = [];
  let sending: Promise<void> | undefined;
  let failing = false;
  const spans = new Counter({
    name: "endcap_spans_total",
    help: "spans by what became of them: exported, or dropped for want of room or of a receiver",
    labelNames: ["outcome"],
    registers: [registry],
  });

  async function send(batch: readonly Span[]): Promise<void> {
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(exportRequest(batch)),
        signal: AbortSignal.timeout(answerMsMax),
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`the receiver answered ${answer.status}`);
      spans.inc({ outcome: "exported" }, batch.length);
      failing = false;
    } catch (error) {
      spans.inc({ outcome: "dropped" }, batch.length);
      // Once for an outage, not once a second.
      if (!failing) log.warn({ err: error }, "spans cannot be exported");
      failing = true;
    }
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchMax);
      waiting = waiting.slice(batchMax);
      await send(batch);
    }
  }

  function start(): void {
    sending ??= flush().finally(() => {
      sending = undefined;
    });
  }

  const timer = setInterval(start, everyMs);
  timer.unref();
  return {
    add(span) {
      if (waiting.length >= waitingMax) {
        spans.inc({ outcome: "dropped" });
        return;
      }
      waiting.push(span);
      if (waiting.length >= batchMax) start();
    },
    async close() {
      clearInterval(timer);
      start();
      await sending;
    },
  };
}

/** An ExportTraceServiceRequest in OTLP's JSON: ids as hex, 64-bit numbers as strings, enums as numbers. */
function exportRequest(batch: readonly Span[]) {
  const resource = { attributes: attributes({ "service.name": "endcap-gateway" }) };
  return {
    resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "endcap.gateway" }, spans: batch.map(spanJson) }] }],
  };
}

const spanKindServer = 2;
const statusError = 2;

function spanJson({ trace, parentSpanId, name, endedAt, ms, failed, attributes: named }: Span) {
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    ...(trace.tracestate !== undefined && { traceState: trace.tracestate }),
    name,
    kind: spanKindServer,
    startTimeUnixNano: nanos(endedAt - ms),
    endTimeUnixNano: nanos(endedAt),
    attributes: attributes(named),
    status: failed ? { code: statusError } : {},
  };
}

/** In two steps: nanoseconds since 1970 are more than a double can hold. */
function nanos(ms: number): string {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * 1e6)).padStart(6, "0")}`;
}

function attributes(named: Readonly<Record<string, string | number | undefined>>) {
  return Object.entries(named).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: valueJson(key, value) }],
  );
}

/** One name, one type: a duration of exactly 2 ms is a double as well. */
function valueJson(key: string, value: string | number) {
  if (typeof value === "string") return { stringValue: value };
  return Number.isInteger(value) && !key.endsWith("_ms") ? { intValue: String(value) } : { doubleValue: value };
}
