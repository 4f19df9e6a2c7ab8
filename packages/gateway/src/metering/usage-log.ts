import { type FileHandle, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { EndcapError, type UsageRecord } from "@endcap/protocol";
import { type Counted, CountedRows } from "./counted.ts";
import { decodeLine, encodeLine, recordJson } from "./lines.ts";
import type { UsageRow } from "./usage-row.ts";

/** Records of one source that control does not have yet, as far as we know. */
export interface UsageBatch {
  readonly source: string;
  readonly counted: Iterable<Counted>;
  /** The records whole, as members of a JSON array. */
  readonly json: string;
  /** Control has them: they are not delivered again, and their segment goes when nothing else is in it. */
  done(): Promise<void>;
}

export interface UsageLog {
  /** Writes and flushes. When the disk refuses, it rejects and nothing of the rows counts as written. */
  append(rows: readonly UsageRow[]): Promise<void>;
  /** The oldest undelivered records, at most `recordsMax`. */
  next(): Promise<UsageBatch | undefined>;
  /** Records that an earlier run of this gateway left behind. */
  left(): AsyncIterable<UsageRecord>;
  /** Bytes on disk. */
  readonly bytes: number;
  readonly damagedLines: number;
  /** Ends the log. Segments whose records were all delivered are removed. */
  close(): Promise<void>;
}

export interface UsageLogOptions {
  readonly directory: string;
  /** This run of this gateway; no two runs ever have the same. */
  readonly source: string;
  readonly bytesMax: number;
}

interface Segment {
  readonly path: string;
  readonly source: string;
  /** What is flushed; what lies behind it is a write that failed. */
  bytes: number;
  delivered: number;
}

/** Rows that were just written, so that a control that takes them soon needs no reading back. */
interface Fresh {
  readonly segment: Segment;
  readonly from: number;
  readonly end: number;
  readonly counted: CountedRows;
  readonly json: string;
}

const segmentBytesMax = 256 * 1024;
const readBytesMax = 512 * 1024;
const recordsMax = 1_000;
/** Reports that are kept until they are sent: 2 MB where each is a full one. */
const freshMax = 4;
const name = /^([a-z0-9-]{8,64})\.(\d{6})\.usage$/;
const lineFeed = 10;

/**
 * A log of appended segments. The lines of one run are numbered through, so control needs one number a run to drop what
 * it was sent twice. A segment is removed only when control has all of it; a crash in between sends it again.
 */
export async function openUsageLog({ directory, source, bytesMax }: UsageLogOptions): Promise<UsageLog> {
  await mkdir(directory, { recursive: true });
  const old = await leftSegments(directory);
  const segments: Segment[] = [...old];
  let current: { segment: Segment; file: FileHandle } | undefined;
  let fresh: Fresh[] = [];
  let sequence = 0;
  let segmentNumber = 0;
  let damagedLines = 0;

  const bytes = () => segments.reduce((sum, segment) => sum + segment.bytes, 0);

  async function seal(): Promise<void> {
    const { file } = current ?? {};
    current = undefined;
    await file?.close();
  }

  async function begin(): Promise<NonNullable<typeof current>> {
    segmentNumber += 1;
    const path = join(directory, `${source}.${String(segmentNumber).padStart(6, "0")}.usage`);
    const file = await open(path, "wx", 0o600);
    await flushDirectory(directory);
    const segment: Segment = { path, source, bytes: 0, delivered: 0 };
    segments.push(segment);
    current = { segment, file };
    return current;
  }

  async function remove(segment: Segment): Promise<void> {
    const at = segments.indexOf(segment);
    if (at >= 0) segments.splice(at, 1);
    await rm(segment.path, { force: true });
  }

  /** The segment in use may hold nothing but what was delivered already. */
  async function makeRoom(wanted: number): Promise<void> {
    const segment = current?.segment;
    if (segment === undefined || bytes() + wanted <= bytesMax || segment.delivered < segment.bytes) return;
    await seal();
    await remove(segment);
  }

  async function read(segment: Segment, from: number, until: number) {
    const file = await open(segment.path, "r");
    const buffer = Buffer.alloc(Math.min(readBytesMax, until - from));
    try {
      await file.read(buffer, 0, buffer.length, from);
    } finally {
      await file.close();
    }
    const records: UsageRecord[] = [];
    const texts: string[] = [];
    let end = 0;
    let damaged = 0;
    while (records.length < recordsMax) {
      const feed = buffer.indexOf(lineFeed, end);
      if (feed < 0) break;
      const written = decodeLine(buffer.toString("utf8", end, feed));
      if (written === undefined) damaged += 1;
      else {
        records.push(written.record);
        texts.push(written.json);
      }
      end = feed + 1;
    }
    // No whole line in all of it: the torn end of a run that was killed.
    if (end === 0) end = buffer.length;
    return { records, json: texts.join(","), damaged, end: from + end };
  }

  /** What is next in the segment, from memory when it was written a moment ago. */
  async function undelivered(segment: Segment) {
    const { delivered, bytes: written } = segment;
    const kept = fresh.find((one) => one.segment === segment && one.from >= delivered);
    if (kept?.from !== delivered) return read(segment, delivered, kept?.from ?? written);
    return { records: kept.counted, json: kept.json, damaged: 0, end: kept.end };
  }

  return {
    async append(rows) {
      const reports: { counted: CountedRows; json: string; lines: Buffer }[] = [];
      for (let at = 0; at < rows.length; at += recordsMax) {
        const some = rows.slice(at, at + recordsMax);
        const texts = some.map((row, nth) => recordJson(sequence + at + nth + 1, row));
        const lines = Buffer.from(texts.map(encodeLine).join(""));
        reports.push({ counted: new CountedRows(some), json: texts.join(","), lines });
      }
      const written = Buffer.concat(reports.map(({ lines }) => lines));
      await makeRoom(written.length);
      if (bytes() + written.length > bytesMax) {
        throw new EndcapError("storage_full", { internal: `${bytes()} bytes of usage wait for control` });
      }
      const { segment, file } = current ?? (await begin());
      try {
        await writeWhole(file, written, segment.bytes);
        await file.datasync();
      } catch (error) {
        // The sequence was not moved on: should these bytes come to light after a crash, they pass for the same records.
        await file.truncate(segment.bytes).catch(() => undefined);
        await seal();
        throw error;
      }
      sequence += rows.length;
      for (const { counted, json, lines } of reports) {
        const from = segment.bytes;
        segment.bytes += lines.length;
        fresh.push({ segment, from, end: segment.bytes, counted, json });
      }
      fresh = fresh.slice(-freshMax);
      if (segment.bytes >= segmentBytesMax) await seal();
    },
    async next() {
      for (;;) {
        const segment = segments.find((one) => one.delivered < one.bytes || one !== current?.segment);
        if (segment === undefined) return undefined;
        if (segment.delivered >= segment.bytes) {
          await remove(segment);
          continue;
        }
        const { records, json, damaged, end } = await undelivered(segment);
        damagedLines += damaged;
        const done = async () => {
          segment.delivered = end;
          fresh = fresh.filter((one) => one.segment !== segment || one.from >= end);
          if (end >= segment.bytes && segment !== current?.segment) await remove(segment);
        };
        if (records.length > 0) return { source: segment.source, counted: records, json, done };
        await done();
      }
    },
    async *left() {
      for (const segment of old) {
        for (let at = 0; at < segment.bytes; ) {
          const { records, end } = await read(segment, at, segment.bytes);
          yield* records;
          at = end;
        }
      }
    },
    get bytes() {
      return bytes();
    },
    get damagedLines() {
      return damagedLines;
    },
    async close() {
      await seal();
      for (const segment of segments.filter((one) => one.delivered >= one.bytes)) await remove(segment);
    },
  };
}

async function leftSegments(directory: string): Promise<Segment[]> {
  const found: Segment[] = [];
  for (const file of (await readdir(directory)).sort()) {
    const [, source] = name.exec(file) ?? [];
    if (source === undefined) continue;
    const path = join(directory, file);
    found.push({ path, source, bytes: (await stat(path)).size, delivered: 0 });
  }
  return found;
}

/** A full disk may take the first half of a buffer without a word. */
async function writeWhole(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
