/** W3C Trace Context, level 1: who a request's work belongs to. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the span that the next one stands below. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** The caller's own, passed on as it is. */
  readonly tracestate?: string;
}

// A version above 00 may carry more behind the flags; what is known of it is read, as the recommendation asks.
const form = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const tracestateForm = /^[\x20-\x7e]{1,512}$/;

/** `null` for a field that is absent or malformed: then a new trace begins, and the caller's tracestate means nothing. */
export function readTraceContext(
  traceparent: string | string[] | undefined,
  tracestate: string | string[] | undefined,
): TraceContext | null {
  if (typeof traceparent !== "string" || traceparent.length > 256) return null;
  const [, version, traceId, spanId, flags = "", more] = form.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || (version === "00" && more !== undefined)) return null;
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  const state = Array.isArray(tracestate) ? tracestate.join(",") : tracestate;
  const passed = state !== undefined && tracestateForm.test(state);
  return { traceId, spanId, sampled, ...(passed && { tracestate: state }) };
}

/** The fields of an upstream request. */
export function traceHeaders({ traceId, spanId, sampled, tracestate }: TraceContext): Record<string, string> {
  const traceparent = `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}
