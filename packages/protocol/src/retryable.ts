/** Apart from the error catalogue, whose schemas bring TypeBox: a client asks this at every start. */
const RETRYABLE: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Whether a client may send the same request again (signed anew). */
export function isRetryableStatus(status: number): boolean {
  return RETRYABLE.has(status);
}
