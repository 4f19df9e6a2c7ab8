import { msText } from "@endcap/service-kit";
import type { TraceContext } from "./trace-context.ts";

/** One request's way through the gateway: where its time went, and the trace that it belongs to. */
export class Passage {
  /** Proving the caller, without waiting for the body. */
  authMs = 0;
  /** Waiting for company, or for a place, in a request to the upstream. */
  queueMs = 0;
  /** From the upstream request to its answer. */
  upstreamMs = 0;
  /** What an upstream request carries on; `null`: nobody asked for a trace and none is exported. */
  trace: TraceContext | null;
  /** The caller's span, which ours stands below. */
  readonly parentSpanId: string | undefined;

  constructor(trace: TraceContext | null, parentSpanId: string | undefined) {
    this.trace = trace;
    this.parentSpanId = parentSpanId;
  }

  /** For the completion record: members of a JSON object, to the microsecond. */
  get described(): string {
    const times = `,"authMs":${msText(this.authMs)},"queueMs":${msText(this.queueMs)},"upstreamMs":${msText(this.upstreamMs)}`;
    return this.trace === null ? times : `${times},"traceId":"${this.trace.traceId}"`;
  }
}

declare module "fastify" {
  interface FastifyRequest {
    /** Of every request of the API; `null` for the others. */
    passage: Passage | null;
  }
}
