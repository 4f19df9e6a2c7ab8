/** One request to the gateway. A string body is `text/plain;charset=UTF-8`, which needs no preflight. */

export interface Answer {
  /** 0 when none came. */
  readonly status: number;
  /** The JSON of the answer; empty when it was none. */
  readonly body: Record<string, unknown>;
  readonly retryAfterMs: number;
}

export interface PostOptions {
  /** Outlives the page. Browsers allow 64 KB of such bodies at a time. */
  readonly keepalive?: boolean;
  readonly signal: AbortSignal;
}

/** Never rejects: a failed connection has status 0. */
export async function post(url: string, body: string, options: PostOptions): Promise<Answer> {
  let status = 0;
  let retryAfterMs = 0;
  let json: Record<string, unknown> = {};
  try {
    const response = await fetch(url, { method: "POST", body, credentials: "omit", ...options });
    const text = await response.text();
    status = response.status;
    retryAfterMs = Number(response.headers.get("retry-after")) * 1000 || 0;
    json = JSON.parse(text);
  } catch {
    // An answer without JSON keeps its status; no answer keeps 0.
  }
  return { status, body: json, retryAfterMs };
}
