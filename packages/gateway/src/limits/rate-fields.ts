import { addToField } from "../edge/answer-fields.ts";
import type { RateLimit } from "./gcra.ts";

/** What a refusal says of the limit that it is for, beside those of the tenant: whose it is, and when to come again. */
export function tellLimit(
  request: { readonly answerFields: string[] },
  name: "address" | "session",
  { requestsPerSecond, burst }: RateLimit,
  waitMs: number,
): void {
  const seconds = Math.ceil(waitMs / 1000);
  const windowSeconds = Math.max(1, Math.ceil(burst / requestsPerSecond));
  addToField(request, "ratelimit-policy", `"${name}";q=${burst};w=${windowSeconds}`);
  addToField(request, "ratelimit", `"${name}";r=0;t=${seconds}`);
  request.answerFields.push("retry-after", String(seconds));
}
