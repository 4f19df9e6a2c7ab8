import type { IncomingMessage } from "node:http";
import { EndcapError } from "@endcap/protocol";
import { type App, readBody } from "@endcap/service-kit";
import type { FastifyRequest } from "fastify";

type Done = (error: Error | null, body?: Buffer) => void;

/**
 * The scope's bodies are bytes, `bytesMax` at most: what was signed is what is forwarded. Any other content type is
 * refused.
 */
export function rawBodies(app: App, contentTypes: string[], bytesMax: number): void {
  app.removeAllContentTypeParsers();
  if (contentTypes.length === 0) return;
  app.addContentTypeParser(contentTypes, (request, payload, done: Done) => takeBody(request, payload, bytesMax, done));
}

/** Without Fastify's own reading of bodies, which copies each once more. */
function takeBody({ headers }: FastifyRequest, payload: IncomingMessage, bytesMax: number, done: Done): void {
  const tooLarge = () => new EndcapError("body_too_large");
  if (Number(headers["content-length"] ?? 0) > bytesMax) {
    done(tooLarge());
    return;
  }
  let chunks: Buffer[] = [];
  let bytes = 0;
  let isOver = false;
  function stop(error: EndcapError): void {
    if (isOver) return;
    isOver = true;
    chunks = [];
    done(error);
  }
  readBody(payload, {
    chunk(chunk) {
      if (isOver) return;
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > bytesMax) stop(tooLarge());
    },
    // node:http ends a body whose length is not the announced one with an error.
    end() {
      if (isOver) return;
      isOver = true;
      const [first] = chunks;
      done(null, first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, bytes));
    },
    fail(error) {
      stop(new EndcapError("invalid_request", { cause: error }));
    },
  });
}
