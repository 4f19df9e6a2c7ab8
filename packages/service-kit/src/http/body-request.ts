import type { IncomingMessage as Incoming } from "node:http";
import { Readable } from "node:stream";

/** Not by import: that reads every export of `node:http`, and one loads an HTTP client: 14 MB, two of which stay. */
const { IncomingMessage } = process.getBuiltinModule("node:http");

/** Takes a body, or as much of it as came. `end` or `fail` is the last that it hears. */
export interface BodySink {
  chunk(bytes: Buffer): void;
  end(): void;
  fail(error: Error): void;
}

/**
 * A request that can give its body to one sink, as node:http's parser finds it and past the stream. As a stream, a
 * kilobyte that came with its headers takes four turns of the tick queue to arrive.
 */
export class BodyRequest extends IncomingMessage {
  #sink: BodySink | null = null;
  #ended = false;

  /** Whether the sink got a whole body. */
  get bodyEnded(): boolean {
    return this.#ended;
  }

  /** For whoever comes before the first byte; `readBody` asks whether that is so. */
  giveTo(sink: BodySink): void {
    this.#sink = sink;
    // From here on it counts as read: node:http throws away what nobody read by the end of its answer.
    this._read(0);
  }

  /** Called by the parser. */
  override push(chunk: Buffer | null): boolean {
    if (this.#sink === null) return super.push(chunk);
    if (chunk !== null) {
      this.#sink.chunk(chunk);
      return true;
    }
    this.#ended = true;
    this.#sink.end();
    // node:http waits for it where the answer was there before the end of the body.
    this.emit("end");
    return false;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const sink = this.#sink;
    // Not before the answer's own "close": whoever records it there has to see that nothing was written by then.
    if (sink !== null && !this.#ended) setImmediate(() => sink.fail(error ?? new Error("the request was broken off")));
    super._destroy(error, callback);
  }
}

// node:http asks for it. A property to TypeScript, which therefore lets no class override it with an accessor.
const inherited = Object.getOwnPropertyDescriptor(Readable.prototype, "readableEnded");
Object.defineProperty(BodyRequest.prototype, "readableEnded", {
  get(this: BodyRequest): boolean {
    return this.bodyEnded || inherited?.get?.call(this) === true;
  },
});

/** Reads a whole body into the sink: at its source, or as a stream where some of it is already here. */
export function readBody(request: Incoming | Readable, sink: BodySink): void {
  if (request instanceof BodyRequest && !request.complete && request.readableLength === 0) {
    request.giveTo(sink);
    return;
  }
  request.on("data", (bytes: Buffer) => sink.chunk(bytes));
  request.on("end", () => sink.end());
  request.on("error", (error: Error) => sink.fail(error));
}
