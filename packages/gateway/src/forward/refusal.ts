import { EndcapError, type ErrorCode, isErrorCode, ProblemDetails } from "@endcap/protocol";
import { Compile } from "typebox/compile";

/** Codes that tell of trust between our own processes: a fault of the house, and nobody's business outside. */
const insideOnly: ReadonlySet<ErrorCode> = new Set(["internal_token_invalid", "tenant_forbidden", "header_invalid"]);

const problemCheck = Compile(ProblemDetails);

/**
 * An upstream's refusal as one of our own: its code, its public detail and its located faults, and nothing else of what
 * it sent. What is no problem of the catalogue, such as a proxy's page or a stack trace, becomes `upstream_invalid`.
 */
export function refusalOf(upstreamId: string, status: number, body: unknown): EndcapError {
  if (problemCheck.Check(body) && isErrorCode(body.code) && !insideOnly.has(body.code)) {
    const { code, detail, errors } = body;
    const internal = `upstream ${upstreamId}: ${detail ?? code}`;
    return new EndcapError(code, { internal, ...(detail !== undefined && { detail }), ...(errors && { errors }) });
  }
  return new EndcapError("upstream_invalid", { internal: `upstream ${upstreamId} answered ${status}` });
}

/** The same for bytes. */
export function refusalOfBytes(upstreamId: string, status: number, body: Buffer): EndcapError {
  try {
    return refusalOf(upstreamId, status, JSON.parse(body.toString("utf8")));
  } catch {
    return refusalOf(upstreamId, status, undefined);
  }
}
