/** The answering side of an open request, for upstreams that a bench makes up. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { PARTS_CONTENT_TYPE } from "@endcap/protocol";
import { type Frame, FrameReader } from "@endcap/service-kit";

/** Whether the request is one that stays open for parts. */
export const isOpenRequest = ({ headers }: IncomingMessage): boolean => headers["content-type"] === PARTS_CONTENT_TYPE;

/** Answers each part as it comes, until the request ends. */
export function answerParts(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (part: Frame) => { status: number; json: string },
): void {
  const reader = new FrameReader(64 * 1024);
  response.writeHead(200, { "content-type": PARTS_CONTENT_TYPE });
  request.on("data", (chunk: Buffer) => {
    for (const part of reader.push(chunk)) {
      if (part.header.x === true) continue;
      const { status, json } = answer(part);
      response.write(`{"r":"${part.header.r}","s":${status},"n":${Buffer.byteLength(json)}}\n${json}\n`);
    }
  });
  request.once("end", () => response.end());
}
