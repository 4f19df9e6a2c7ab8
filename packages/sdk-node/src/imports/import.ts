/** One import: history and catalogue in numbered parts, each atomic and idempotent, so that it resumes where it broke. */
import type { ImportPartAnswer, ImportState } from "@endcap/protocol";
import { LIMITS } from "@endcap/protocol/limits";
import { EndcapApiError } from "../errors.ts";
import { type CallOptions, json, segment, type Transport } from "../http/transport.ts";
import { forEachConcurrently, type Source } from "../pool.ts";
import { gzip, isGzip } from "./gzip.ts";
import { type ImportLine, importParts, ndjson } from "./parts.ts";

export interface ImportProgress {
  readonly parts: number;
  /** Lines settled, those of parts that an earlier run had stored included. */
  readonly lines: number;
  /** Bytes sent, compressed. */
  readonly bytesSent: number;
  readonly events: number;
  readonly items: number;
  readonly deletes: number;
  readonly rejected: number;
}

export interface ImportFault {
  /** Counts from 1 over the whole source. */
  readonly line: number;
  readonly code: string;
  readonly pointer?: string;
}

export interface ImportResult extends ImportProgress {
  /** Parts that an earlier run had stored; their lines were read over. */
  readonly partsSkipped: number;
  /** The first 1,000 lines refused in this run, in order. */
  readonly faults: readonly ImportFault[];
}

export interface ImportRunOptions extends CallOptions {
  /** Parts in flight at once; default 2. Memory is about four times `concurrency * partBytesMax`. */
  readonly concurrency?: number;
  /** Bytes of a part before compression; default 4 MB. Keep it the same when an import is resumed: it decides the cuts. */
  readonly partBytesMax?: number;
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** Room for a slow disk behind the collector: a part is megabytes. */
const PART_MS_MAX = 120_000;
const FAULTS_MAX = 1000;

export class Import {
  readonly importId: string;
  readonly #transport: Transport;
  readonly #path: string;

  constructor(transport: Transport, importId: string) {
    this.#transport = transport;
    this.importId = importId;
    this.#path = `/v1/imports/${segment(importId)}`;
  }

  /** Which parts are stored. An import nobody began has none. */
  async state(options: CallOptions = {}): Promise<ImportState> {
    try {
      return await this.#transport.send<ImportState>({ method: "GET", path: this.#path }, options);
    } catch (error) {
      if (!(error instanceof EndcapApiError && error.code === "import_not_found")) throw error;
      return {
        importId: this.importId,
        completed: false,
        partsStored: 0,
        firstMissingPart: 1,
        events: 0,
        items: 0,
        deletes: 0,
        rejected: 0,
      };
    }
  }

  /** Sends part `n` (from 1): lines, NDJSON bytes, or bytes that are gzip already. At most 8 MB compressed. */
  async putPart(
    n: number,
    content: Iterable<ImportLine> | Uint8Array<ArrayBuffer>,
    options: CallOptions = {},
  ): Promise<ImportPartAnswer> {
    const plain = content instanceof Uint8Array ? content : ndjson(content);
    return this.#put(n, isGzip(plain) ? plain : await gzip(plain), options);
  }

  #put(n: number, body: Uint8Array<ArrayBuffer>, options: CallOptions): Promise<ImportPartAnswer> {
    if (!(Number.isInteger(n) && n >= 1 && n <= LIMITS.importPartsMax)) {
      throw new RangeError(`a part number lies between 1 and ${LIMITS.importPartsMax}`);
    }
    return this.#transport.send(
      { method: "PUT", path: `${this.#path}/parts/${n}`, body, contentType: "application/gzip" },
      { timeoutMsMax: PART_MS_MAX, attemptMsMax: PART_MS_MAX / 2, ...options },
    );
  }

  /** Closes the import: `parts` are all there is. */
  complete(parts: number, options: CallOptions = {}): Promise<ImportState> {
    return this.#transport.send({ method: "POST", path: `${this.#path}/complete`, body: json({ parts }) }, options);
  }

  /**
   * Sends a whole source and completes the import. Run again after a failure with the same source and `partBytesMax`, it
   * reads over what is stored and goes on at the first missing part. A line the collector refuses is reported by number
   * and the rest goes in.
   */
  async run(lines: Source<ImportLine>, options: ImportRunOptions = {}): Promise<ImportResult> {
    const { concurrency = 2, partBytesMax = 4 * 1024 * 1024, onProgress, ...call } = options;
    if (!(partBytesMax >= 1 && partBytesMax <= LIMITS.importPartBytesMax)) {
      throw new RangeError(`partBytesMax lies between 1 and ${LIMITS.importPartBytesMax}`);
    }
    const before = await this.state(call);
    const sum = { parts: 0, partsSkipped: 0, lines: 0, bytesSent: 0, events: 0, items: 0, deletes: 0, rejected: 0 };
    const faults: ImportFault[] = [];
    await forEachConcurrently(importParts(lines, partBytesMax), concurrency, async (part) => {
      if (before.completed || part.part < before.firstMissingPart) {
        sum.partsSkipped += 1;
      } else {
        const body = await gzip(part.bytes);
        const answer = await this.#put(part.part, body, call);
        sum.bytesSent += body.length;
        sum.events += answer.events;
        sum.items += answer.items;
        sum.deletes += answer.deletes;
        sum.rejected += answer.rejected;
        for (const fault of answer.faults) {
          if (faults.length < FAULTS_MAX) faults.push({ ...fault, line: part.linesBefore + fault.line });
        }
      }
      sum.parts += 1;
      sum.lines += part.lines;
      onProgress?.({ ...sum });
    });
    if (sum.parts > 0 && !before.completed) await this.complete(sum.parts, call);
    faults.sort((a, b) => a.line - b.line);
    return { ...sum, faults };
  }
}

export class Imports {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** `importId` is the shop's own name for it: letters, digits, `.`, `_`, `-`, at most 100. Nothing is sent. */
  open(importId: string): Import {
    return new Import(this.#transport, importId);
  }

  /** `open(importId).run(lines, options)`. */
  run(importId: string, lines: Source<ImportLine>, options: ImportRunOptions = {}): Promise<ImportResult> {
    return this.open(importId).run(lines, options);
  }
}
