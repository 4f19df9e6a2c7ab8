import { Pool } from "undici";
import { quantile, round3 } from "../stats.ts";

/** A request made ready beforehand, so that the client's own signing is not measured. */
export interface ReadyRequest {
  readonly method: "POST" | "PUT" | "GET";
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | string;
}

export interface Drive {
  readonly perSecond: number;
  readonly msP50: number;
  readonly msP99: number;
  /** Answers other than the expected status. */
  readonly errors: number;
}

/** Sends every request once over `concurrency` connections, each connection one at a time (a closed loop). */
export async function drive(
  origin: string,
  requests: readonly ReadyRequest[],
  concurrency: number,
  expected: number,
): Promise<Drive> {
  const pool = new Pool(origin, { connections: concurrency, pipelining: 1 });
  const latencies = new Float64Array(requests.length);
  let next = 0;
  let errors = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < requests.length; at = next++) {
      const request = requests[at] as ReadyRequest;
      const start = performance.now();
      const { statusCode, body } = await pool.request({ ...request });
      await body.dump();
      latencies[at] = performance.now() - start;
      if (statusCode !== expected) errors++;
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - start) / 1000;
  await pool.close();
  return {
    perSecond: round3(requests.length / seconds),
    msP50: round3(quantile(latencies, 0.5)),
    msP99: round3(quantile(latencies, 0.99)),
    errors,
  };
}
