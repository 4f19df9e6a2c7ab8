import { EndcapError, type ErrorCode, isRetryableStatus } from "@endcap/protocol";
import type { FastifyError } from "fastify";

/** What Fastify calls a fault, and what we call it. */
const fastifyCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: "invalid_json",
  FST_ERR_CTP_EMPTY_JSON_BODY: "body_missing",
  FST_ERR_CTP_BODY_TOO_LARGE: "body_too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "content_type_unsupported",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "header_invalid",
  FST_ERR_BAD_URL: "path_not_canonical",
  FST_ERR_MAX_PARAM_LENGTH: "not_found",
  FST_ERR_HANDLER_TIMEOUT: "overloaded",
};

/**
 * Any thrown value as one of ours. Only our own errors carry words to the caller: the text of a foreign error may hold
 * addresses, file names or what the caller sent, so it stays in the log as the cause.
 */
export function endcapErrorOf(thrown: unknown): EndcapError {
  if (thrown instanceof EndcapError) return thrown;
  const code = codeOf(thrown);
  return new EndcapError(code, { internal: thrown instanceof Error ? thrown.message : String(thrown), cause: thrown });
}

function codeOf(thrown: unknown): ErrorCode {
  if (!(thrown instanceof Error)) return "internal";
  const { code, statusCode } = thrown as Partial<FastifyError>;
  const known = code === undefined ? undefined : fastifyCodes[code];
  if (known !== undefined) return known;
  if (statusCode === 404) return "not_found";
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500 ? "invalid_request" : "internal";
}

export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The whole answer for a fault, for those who write to a raw socket; `reply` users just throw. */
export function problemResponse(error: EndcapError, requestId: string, now: number): ProblemResponse {
  const { status } = error;
  const document = error.toProblem(requestId);
  document.serverTime = new Date(now).toISOString();
  const headers: Record<string, string> = {
    "content-type": "application/problem+json",
    "endcap-should-retry": String(isRetryableStatus(status)),
  };
  if (status === 503 || status === 429) headers["retry-after"] = "1";
  return { status, headers, body: JSON.stringify(document) };
}
