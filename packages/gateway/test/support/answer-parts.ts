import type { IncomingMessage, ServerResponse } from "node:http";
import { PARTS_CONTENT_TYPE } from "@endcap/protocol";
import { FrameReader } from "@endcap/service-kit";

/** What a plain HTTP server answers to each part of an open request. */
export function answerParts(request: IncomingMessage, response: ServerResponse, json: string): void {
  const reader = new FrameReader(1 << 20);
  response.writeHead(200, { "content-type": PARTS_CONTENT_TYPE });
  request.on("data", (chunk: Buffer) => {
    for (const { header } of reader.push(chunk)) {
      if (header.x !== true) response.write(`{"r":"${header.r}","s":200,"n":${Buffer.byteLength(json)}}\n${json}\n`);
    }
  });
  request.once("end", () => response.end());
}
