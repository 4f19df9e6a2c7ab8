import { connect } from "node:net";
import type { Edge } from "../support/edge.ts";
import type { VectorReader } from "./reader.ts";

interface Vector {
  readonly name: string;
  /** The bytes of one or more requests, base64. */
  readonly raw: string;
  /** `refuse`: the first answer is a 4xx, or the gateway hangs up without one. `any`: no fault of ours. */
  readonly verdict: "refuse" | "any";
}

/** Until the first byte of an answer, and after the last. */
const answerMsMax = 3_000;
const silenceMsMax = 100;

/** Raw requests for a real socket. In no case is there a 5xx, or a request that an upstream sees. */
export const readHttp: VectorReader = async ({ bytes }, edge) => {
  const vectors: readonly Vector[] = JSON.parse(bytes.toString());
  const seenBy = () => [edge.collector, edge.ml, edge.recommender].reduce((sum, { seen }) => sum + seen.length, 0);
  const faults: string[] = [];
  for (const { name, raw, verdict } of vectors) {
    const before = seenBy();
    const { answers, hangs } = await exchange(edge, Buffer.from(raw, "base64"));
    const statuses = [...answers.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
    if (seenBy() !== before) faults.push(`${name}: an upstream saw it`);
    if (statuses.some((status) => status >= 500)) faults.push(`${name}: answered ${statuses.join(", ")}`);
    const [first] = statuses;
    if (verdict === "refuse" && hangs && first === undefined) faults.push(`${name}: not answered`);
    if (verdict === "refuse" && first !== undefined && first < 400) faults.push(`${name}: accepted with ${first}`);
  }
  return faults;
};

/** What comes back until the gateway hangs up, or waits for more. */
function exchange({ url }: Edge, raw: Buffer): Promise<{ answers: string; hangs: boolean }> {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<{ answers: string; hangs: boolean }>();
  const chunks: Buffer[] = [];
  const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(raw));
  let hangs = false;
  socket.setTimeout(answerMsMax, () => {
    hangs = true;
    socket.destroy();
  });
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    socket.setTimeout(silenceMsMax);
  });
  // A reset is an answer too.
  socket.on("error", () => undefined);
  socket.on("close", () => resolve({ answers: Buffer.concat(chunks).toString("latin1"), hangs }));
  return promise;
}
