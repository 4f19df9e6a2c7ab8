import { Readable } from "node:stream";
import { EndcapError, LIMITS, PARTS_CONTENT_TYPE } from "@endcap/protocol";
import { type Dispatcher, errors } from "undici";
import { type Frame, FrameReader, leftFrame, type PartFrame, writeFrames } from "./frames.ts";

/** What an open request knows of a part, and tells it: once one of the three. */
export interface OpenPart {
  readonly requestId: string;
  readonly frame: PartFrame;
  sentAt: number;
  answered(status: number, body: Buffer): void;
  /** The upstream took longer than it may. */
  late(): void;
  /** The request ended without this part's answer; an EndcapError when that was for what the upstream answered. */
  lost(error: Error): void;
}

export interface OpenRequestOptions {
  /** Connections to the upstream; the request takes one of them. */
  readonly pool: Pick<Dispatcher, "dispatch">;
  /** The upstream's, for errors. */
  readonly id: string;
  readonly path: string;
  readonly token: string;
  readonly answerBytesMax: number;
  /** The longest wait for one part's answer. */
  readonly answerMsMax: number;
  /** It answered the request itself: refused it, or sent what is no answer to parts. */
  readonly onFault: (fault: "refused" | "garbled") => void;
  readonly onClosed: (request: OpenRequest) => void;
}

/**
 * A third of what our services allow a request to arrive in, well within its token's life, and soon enough that a caller
 * spreads over the replicas behind an upstream's address.
 */
const openMsMax = 10_000;

/**
 * One request to an upstream that stays open for many callers' parts: they leave in its body, and come back in its answer
 * as they are done. It ends when its time is over, the upstream says so or a part was late: then it takes no more parts,
 * waits for those it has, and only then ends its body, so that a client who leaves can be told of until the last.
 */
export class OpenRequest implements Dispatcher.DispatchHandler {
  readonly token: string;
  readonly #options: OpenRequestOptions;
  readonly #reader: FrameReader;
  /** In the order they were asked. */
  readonly #parts = new Map<string, OpenPart>();
  readonly #body = new Readable({
    read() {
      // Pushed into.
    },
  });
  #unsent: PartFrame[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  /** `retired`: takes no more parts. `ended`: has none, and has ended its body. `closed`: its answer has ended too. */
  #state: "open" | "retired" | "ended" | "closed" = "open";
  /** Runs until its time is over, and later until its patience is with an answer that does not end. */
  #end: NodeJS.Timeout;
  #oldest: NodeJS.Timeout | undefined;

  constructor(options: OpenRequestOptions) {
    const { pool, path, token, answerBytesMax } = options;
    this.token = token;
    this.#options = options;
    this.#reader = new FrameReader(answerBytesMax);
    this.#end = setTimeout(() => this.retire(), openMsMax);
    // Undici ends the body of a broken request with its error, which `onResponseError` has told already.
    this.#body.on("error", () => undefined);
    const headers = { authorization: `Bearer ${token}`, "content-type": PARTS_CONTENT_TYPE };
    const unbounded = { headersTimeout: 0, bodyTimeout: 0 };
    pool.dispatch({ method: "POST", path, headers, body: this.#body, reset: true, ...unbounded }, this);
  }

  /** Whether it takes parts. It may be closed from the start, when its upstream's connections are. */
  get open(): boolean {
    return this.#state === "open";
  }

  get waiting(): number {
    return this.#parts.size;
  }

  get full(): boolean {
    return this.#parts.size >= LIMITS.coalescedPartsMax || this.#body.readableLength > LIMITS.coalescedBytesMax;
  }

  /** Whether a part of this id waits: another of the same would not be told from it. */
  has(requestId: string): boolean {
    return this.#parts.has(requestId);
  }

  /** Leaves with the next `send`. */
  ask(part: OpenPart): void {
    part.sentAt = performance.now();
    if (this.#state === "closed") {
      part.lost(new errors.SocketError("the connections of this upstream are closed"));
      return;
    }
    this.#parts.set(part.requestId, part);
    this.#unsent.push(part.frame);
    this.#oldest ??= setTimeout(() => this.#judgeOldest(), this.#options.answerMsMax);
  }

  /** Its client has left: leaves with the next `send`. */
  giveUp({ requestId }: OpenPart): void {
    if (!this.#parts.delete(requestId)) return;
    this.#unsent.push(leftFrame(requestId));
  }

  send(): void {
    if (this.#unsent.length > 0 && this.#state !== "closed") this.#body.push(writeFrames(this.#unsent));
    this.#unsent = [];
    this.#endWhenDone();
  }

  /** Takes no more parts, and ends with those it has. */
  retire(): void {
    if (this.#state === "open") this.#state = "retired";
    this.#endWhenDone();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status === 200 && headers["content-type"] === PARTS_CONTENT_TYPE) return;
    const { id, onFault } = this.#options;
    onFault("refused");
    const internal = `upstream ${id} answered an open request with ${status}`;
    controller.abort(new EndcapError("upstream_invalid", { internal }));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    let frames: Frame[];
    try {
      frames = this.#reader.push(chunk);
    } catch (cause) {
      const { id, onFault } = this.#options;
      onFault("garbled");
      const internal = `upstream ${id} answered an open request with what is no answer`;
      controller.abort(new EndcapError("upstream_invalid", { internal, cause }));
      return;
    }
    for (const frame of frames) this.#read(frame);
  }

  onResponseEnd(): void {
    this.#close(new errors.SocketError("the upstream ended an open request before its parts"));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#close(error);
  }

  #read({ header: { r, s, last }, payload }: Frame): void {
    if (last === true) this.retire();
    const part = typeof r === "string" ? this.#parts.get(r) : undefined;
    // Given up while its answer was on the way, or answered before.
    if (part === undefined) return;
    this.#parts.delete(part.requestId);
    part.answered(typeof s === "number" ? s : 0, payload);
    this.#endWhenDone();
  }

  /** One timer for all: they wait equally long, and the first asked is the first to be late. */
  #judgeOldest(): void {
    const { answerMsMax } = this.#options;
    this.#oldest = undefined;
    const now = performance.now();
    for (const part of this.#parts.values()) {
      const msLeft = part.sentAt + answerMsMax - now;
      if (msLeft > 0) {
        this.#oldest = setTimeout(() => this.#judgeOldest(), msLeft);
        break;
      }
      this.giveUp(part);
      // Its process may hang: what comes next tries a connection of its own.
      if (this.#state === "open") this.#state = "retired";
      part.late();
    }
    this.send();
  }

  #endWhenDone(): void {
    if (this.#state !== "retired" || this.#parts.size > 0 || this.#unsent.length > 0) return;
    this.#state = "ended";
    this.#body.push(null);
    clearTimeout(this.#end);
    const slow = new Error("the upstream does not end its answer");
    this.#end = setTimeout(() => this.#controller?.abort(slow), this.#options.answerMsMax);
  }

  #close(error: Error): void {
    this.#state = "closed";
    clearTimeout(this.#end);
    clearTimeout(this.#oldest);
    const lost = [...this.#parts.values()];
    this.#parts.clear();
    this.#options.onClosed(this);
    for (const part of lost) part.lost(error);
  }
}
