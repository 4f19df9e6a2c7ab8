import { EndcapError } from "@endcap/protocol";
import type { App } from "@endcap/service-kit";
import type { FastifyRequest } from "fastify";

type Done = (error: Error | null, body?: Buffer) => void;

/**
 * The scope's bodies are bytes, `bytesMax` at most: what was signed is what is forwarded. Any other content type is
 * refused.
 */
export function rawBodies(app: App, contentTypes: string[], bytesMax: number): void {
  app.removeAllContentTypeParsers();
  if (contentTypes.length === 0) return;
  app.addContentTypeParser(contentTypes, (request, payload, done: Done) => readBody(request, payload, bytesMax, done));
}

/** Without Fastify's own reading of bodies, which copies each once more. */
function readBody({ headers }: FastifyRequest, payload: NodeJS.ReadableStream, bytesMax: number, done: Done): void {
  const tooLarge = () => new EndcapError("body_too_large");
  if (Number(headers["content-length"] ?? 0) > bytesMax) {
    done(tooLarge());
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > bytesMax) stop(tooLarge());
  };
  // node:http ends a body whose length is not the announced one with an error.
  const onEnd = (): void => {
    const [first] = chunks;
    done(null, first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, bytes));
  };
  const onError = (error: Error): void => stop(new EndcapError("invalid_request", { cause: error }));
  function stop(error: EndcapError): void {
    payload.off("data", onData).off("end", onEnd).off("error", onError);
    done(error);
  }
  payload.on("data", onData).on("end", onEnd).on("error", onError);
}
