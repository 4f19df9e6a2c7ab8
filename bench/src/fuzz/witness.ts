/** An upstream that writes down what reached it, and answers as a collector or ml would. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Cleanup } from "../bench.ts";
import { answerParts, isOpenRequest } from "../load/answer-parts.ts";
import { markerIn } from "./marker.ts";

export interface Arrival {
  /** Of the request that it came from; `undefined`: it carries nothing we ever sent. */
  readonly marker: number | undefined;
  readonly payload: string;
  /** Whether the gateway said that a signature had proven it: what a bearer secret or nothing vouches for may be altered. */
  readonly signed: boolean;
}

interface Principal {
  readonly auth?: string;
  readonly key?: string;
}

export interface Witness {
  readonly url: string;
  /** What arrived since it was last asked. */
  take(): Arrival[];
}

const COALESCED = "application/vnd.endcap.batch+ndjson";

/** `isSigning`: whether a secret key signs its requests, and is not sent as it is. */
export async function startWitness(
  isSigning: (key: string) => boolean,
  cleanup: (work: Cleanup) => void,
): Promise<Witness> {
  let arrivals: Arrival[] = [];
  const note = (payload: string, { auth, key = "" }: Principal) =>
    arrivals.push({ marker: markerIn(payload), payload, signed: auth === "ec1" || isSigning(key) });

  const server = createServer((request, response) => {
    if (isOpenRequest(request)) {
      answerParts(request, response, ({ header, payload }) => {
        note(payload.toString("latin1"), header.p as Principal);
        return { status: 200, json: '{"items":[]}' };
      });
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      if (request.headers["content-type"] === COALESCED) {
        const answers: string[] = [];
        for (let at = 0; at < body.length; ) {
          const lineEnd = body.indexOf(10, at);
          const { p, r, n } = JSON.parse(body.toString("utf8", at, lineEnd));
          note(body.toString("latin1", lineEnd + 1, lineEnd + 1 + n), p);
          answers.push(`{"r":${JSON.stringify(r)},"s":202,"b":{"accepted":1,"duplicates":0,"rejected":[]}}\n`);
          at = lineEnd + 1 + n + 1;
        }
        response.writeHead(200, { "content-type": COALESCED }).end(answers.join(""));
        return;
      }
      const principal = Buffer.from(String(request.headers["endcap-principal"] ?? ""), "base64url").toString();
      note(body.length > 0 ? body.toString("latin1") : String(request.url), JSON.parse(principal || "{}"));
      response.writeHead(200, { "content-type": "application/json" }).end('{"items":[],"stored":1}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = arrivals;
      arrivals = [];
      return taken;
    },
  };
}
