/**
 * Sends one request again and again, as fast as answers come, and after a 503 as late as it asks. From a process of its
 * own: what it costs must not pass for the gateway's delay.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";

export interface Flood {
  readonly url: string;
  readonly path: string;
  readonly authorization: string;
  readonly bodyBytes: number;
  readonly clients: number;
}

/** How many of each status came back since the last report. */
export type FloodReport = Readonly<Record<number, number>>;

process.once("message", (flood: Flood) => {
  const { url, path, authorization, bodyBytes, clients } = flood;
  const pool = new Pool(url, { connections: clients, pipelining: 1 });
  const body = `{"shopper":{"userId":"u"}${" ".repeat(bodyBytes)}}`;
  const headers = { authorization, "content-type": "application/json" };
  const counts: Record<number, number> = {};

  async function send(): Promise<number> {
    const answer = await pool.request({ method: "POST", path, headers, body });
    await answer.body.dump();
    counts[answer.statusCode] = (counts[answer.statusCode] ?? 0) + 1;
    return answer.statusCode === 503 ? Number(answer.headers["retry-after"] ?? 1) * 1000 : 0;
  }

  async function client(): Promise<void> {
    for (;;) {
      const waitMs = await send();
      if (waitMs > 0) await sleep(waitMs);
    }
  }

  process.on("message", () => {
    process.send?.(counts);
    for (const status of Object.keys(counts)) delete counts[Number(status)];
  });
  for (let n = 0; n < clients; n++) void client();
  process.send?.({});
});
