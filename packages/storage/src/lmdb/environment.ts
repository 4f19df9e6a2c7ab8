/**
 * One lmdb environment: one tenant's table of one environment, in a directory of its own. Several processes have it open
 * at once: lmdb allows any number of readers beside one writer, and a crashed process leaves the last commit whole.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { open, type RangeIterable } from "lmdb";
import type { TableStats } from "../ports/tables.ts";
import type { RowKey } from "../rows/keys.ts";
import type { RowValue } from "../rows/raw-row.ts";
import { decodeFrame, encodeFrame } from "./frame.ts";
import { GroupWriter } from "./group-writer.ts";
import type { RowDatabase } from "./row-database.ts";

export interface Row {
  readonly key: RowKey;
  readonly value: RowValue;
}

export interface EnvironmentOptions {
  /** Address space to begin with; it grows by itself. Default 64 MB. */
  readonly mapBytes?: number;
  /** How often slots of dead readers are freed. Default 30 s. */
  readonly readerCheckMs?: number;
}

/** What lmdb says of its one tree; lmdb-js leaves it untyped. */
interface TreeStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
  readonly entryCount: number;
}
const META_PAGES = 2;

/** Reading transactions at once, over all processes. The first process to open a directory decides. */
const READERS_MAX = 1024;
const MAP_BYTES = 64 * 1024 * 1024;
const READER_CHECK_MS = 30_000;
/** Smaller rows, single events most of all, stay as they are: nothing to gain, and the write has to wait for it. */
const COMPRESSED_BYTES_MIN = 1000;
/** A walk reads this much at a time, then lets the event loop and other writers' freed pages go on. */
const CHUNK_ROWS = 1000;
const CHUNK_BYTES = 1024 * 1024;

export class LmdbEnvironment {
  readonly path: string;
  readonly #db: RowDatabase;
  readonly #writer: GroupWriter;
  readonly #readerCheck: NodeJS.Timeout;

  constructor(path: string, options: EnvironmentOptions = {}) {
    this.path = path;
    this.#db = open<RowValue, RowKey>(path, {
      encoder: { encode: encodeFrame, decode: decodeFrame },
      maxReaders: READERS_MAX,
      mapSize: options.mapBytes ?? MAP_BYTES,
      // A commit is on disk when its promise resolves. Measured no slower than flushing after the commit, and one
      // promise fewer to get wrong.
      overlappingSync: false,
      // See GroupWriter.
      eventTurnBatching: false,
      // A batch of five events takes 40% of its pages. Without a dictionary: one would have to stay for ever.
      compression: { threshold: COMPRESSED_BYTES_MIN, dictionary: Buffer.alloc(0) },
    });
    this.#writer = new GroupWriter(this.#db, path);
    // A reader that was killed keeps its snapshot's pages from being reused: the file would grow for ever.
    this.#db.readerCheck();
    this.#readerCheck = setInterval(() => this.#db.readerCheck(), options.readerCheckMs ?? READER_CHECK_MS).unref();
  }

  get write(): GroupWriter["write"] {
    return this.#writer.write.bind(this.#writer);
  }

  /**
   * The database for reads that see every commit up to now, this process's and others'. Use it at once, before the next
   * await: lmdb-js holds one snapshot for the rest of an event turn, and a loop that never yields would read it for ever.
   */
  fresh(): RowDatabase {
    this.#db.resetReadTxn();
    return this.#db;
  }

  get(key: RowKey): RowValue | undefined {
    return this.fresh().get(key);
  }

  /** Rows from `start` (included) to `end` (excluded), newest committed state, to be walked without awaiting. */
  range(start: RowKey, end: RowKey, limit?: number): RangeIterable<Row> {
    return this.fresh().getRange({ start, end, ...(limit !== undefined && { limit }) });
  }

  /** The same from the last row to the first. */
  rangeBackwards(start: RowKey, end: RowKey, limit?: number): RangeIterable<Row> {
    // lmdb-js takes a reverse range from its upper end, which it includes; no key of ours equals a bound.
    return this.fresh().getRange({ start: end, end: start, reverse: true, ...(limit !== undefined && { limit }) });
  }

  /** Walks a range of any size. Each chunk is a snapshot of its own, so that no page is held for the whole walk. */
  async *chunks(start: RowKey, end: RowKey): AsyncGenerator<Row[], void, undefined> {
    let from = start;
    let exclusiveStart = false;
    for (;;) {
      const rows: Row[] = [];
      let bytes = 0;
      for (const row of this.fresh().getRange({ start: from, end, exclusiveStart })) {
        rows.push(row);
        bytes += row.value.text.length;
        if (rows.length === CHUNK_ROWS || bytes > CHUNK_BYTES) break;
      }
      const last = rows.at(-1);
      if (!last) return;
      yield rows;
      from = last.key;
      exclusiveStart = true;
      await nextTurn();
    }
  }

  async stats(): Promise<TableStats> {
    const tree = this.fresh().getStats() as TreeStats;
    const { size } = await stat(join(this.path, "data.mdb"));
    const pages = META_PAGES + tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages;
    return { rows: tree.entryCount, bytes: size, bytesFree: Math.max(0, size - pages * tree.pageSize) };
  }

  async close(): Promise<void> {
    clearInterval(this.#readerCheck);
    await this.#writer.drain();
    await this.#db.close();
  }
}
