/**
 * A small ml of the tests' own behind the real gateway, for lists that are known to the letter: hostile ones, empty ones.
 * It speaks the wire between the two, parts of an open request, from the contract: a header line of JSON, `n` bytes, a
 * line feed. It ranks nothing and checks no token. The real ml and recommender stand behind a real page in the
 * storefront's whole.browser.test.ts.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PARTS_CONTENT_TYPE } from "@endcap/protocol";

export interface Lists extends AsyncDisposable {
  readonly origin: string;
  /** What the next list consists of. */
  items: object[];
}

export async function startLists(): Promise<Lists> {
  const server = createServer((request, response) => {
    // The gateway's question after our health.
    if (request.method !== "POST") response.end();
    else answerParts(request, response);
  });

  function answerParts(request: IncomingMessage, response: ServerResponse): void {
    let held: Buffer = Buffer.alloc(0);
    response.writeHead(200, { "content-type": PARTS_CONTENT_TYPE });
    request.on("data", (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      for (let lineEnd = held.indexOf(10); lineEnd >= 0; lineEnd = held.indexOf(10)) {
        const { r, n, x } = JSON.parse(held.toString("utf8", 0, lineEnd)) as { r: string; n: number; x?: true };
        const end = lineEnd + 1 + n + 1;
        if (held.length < end) break;
        held = held.subarray(end);
        // `x`: its client has left.
        if (x === true) continue;
        const list = JSON.stringify(answer());
        response.write(`{"r":"${r}","s":200,"n":${Buffer.byteLength(list)}}\n${list}\n`);
      }
    });
    request.once("end", () => response.end());
  }

  const answer = () => ({
    recommendationId: `01900000-0000-7000-8000-${randomBytes(6).toString("hex")}`,
    items: lists.items,
    strategy: "for_you",
    model: null,
    serverTime: new Date().toISOString(),
  });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const lists: Lists = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    items: [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return lists;
}
