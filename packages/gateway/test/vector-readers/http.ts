import { connect } from "node:net";
import type { Edge } from "../support/edge.ts";
import type { VectorReader } from "./reader.ts";

interface Vector {
  readonly name: string;
  /** The bytes of one or more requests, base64. */
  readonly raw: string;
  /** `refuse`: the first answer is a 4xx, or the connection ends without one. `any`: no fault of ours. */
  readonly verdict: "refuse" | "any";
}

const silenceMsMax = 300;

/** Raw requests for a real socket. In no case is there a 5xx, or a request that an upstream sees. */
export const readHttp: VectorReader = async ({ bytes }, edge) => {
  const vectors: readonly Vector[] = JSON.parse(bytes.toString());
  const seenBy = () => [edge.collector, edge.ml, edge.recommender].reduce((sum, { seen }) => sum + seen.length, 0);
  const faults: string[] = [];
  for (const { name, raw, verdict } of vectors) {
    const before = seenBy();
    const answers = await exchange(edge, Buffer.from(raw, "base64"));
    const statuses = [...answers.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
    if (seenBy() !== before) faults.push(`${name}: an upstream saw it`);
    if (statuses.some((status) => status >= 500)) faults.push(`${name}: answered ${statuses.join(", ")}`);
    const [first] = statuses;
    if (verdict === "refuse" && first !== undefined && first < 400) faults.push(`${name}: accepted with ${first}`);
  }
  return faults;
};

/** What comes back until the gateway hangs up, or waits for more. */
function exchange({ url }: Edge, raw: Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(raw));
  socket.setTimeout(silenceMsMax, () => socket.destroy());
  socket.on("data", (chunk) => chunks.push(chunk));
  // A reset is an answer too.
  socket.on("error", () => undefined);
  socket.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  return promise;
}
