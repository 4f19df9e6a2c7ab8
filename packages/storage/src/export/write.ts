import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { EndcapError } from "@endcap/protocol";
import type { ExportOptions, ExportSummary } from "../ports/tables.ts";
import { exportLine, type RawRow } from "../rows/raw-row.ts";
import { translateErrors } from "../storage-errors.ts";
import { DATA, exportKey, FILES, type ManifestFile, type ManifestSummary, SUMMARY } from "./manifest.ts";

/** Uncompressed; several files let a reader work in parallel, and bound what a damaged one costs. */
const FILE_BYTES = 128 * 1024 * 1024;
const EXPORT_ID = /^[A-Za-z0-9_-]{1,100}$/;

interface WriteOptions extends ExportOptions {
  /** The table's name, for the manifest. */
  readonly table: string;
}

/** Writes rows below `dir`. Holds one chunk of rows at a time. An export of the same id is replaced. */
export async function writeExport(
  dir: string,
  options: WriteOptions,
  rows: AsyncIterable<RawRow[]>,
): Promise<ExportSummary> {
  const { exportId } = options;
  if (!EXPORT_ID.test(exportId)) throw new EndcapError("invalid_request", { internal: "not an export id" });
  return translateErrors(dir, () => writeAll(dir, options, rows));
}

async function writeAll(
  dir: string,
  { exportId, now, table }: WriteOptions,
  rows: AsyncIterable<RawRow[]>,
): Promise<ExportSummary> {
  const path = join(dir, exportKey(exportId));
  await rm(path, { recursive: true, force: true });
  await mkdir(join(path, DATA), { recursive: true });

  const source = new RowSource(rows);
  const files: ManifestFile[] = [];
  let bytes = 0;
  // At least one file, as DynamoDB writes for an empty partition.
  do {
    const name = `${String(files.length + 1).padStart(6, "0")}.json.gz`;
    const file = await writeFile(join(path, DATA, name), source);
    bytes += file.bytes;
    files.push({
      itemCount: file.rows,
      md5Checksum: file.md5,
      dataFileS3Key: `${exportKey(exportId)}/${DATA}/${name}`,
    });
  } while (!source.ended);

  const arn = `arn:endcap:tables:::table/${table}`;
  const time = new Date(now).toISOString();
  const summary: ManifestSummary = {
    version: "2020-06-30",
    exportArn: `${arn}/export/${exportId}`,
    tableArn: arn,
    startTime: time,
    endTime: time,
    exportTime: time,
    manifestFilesS3Key: `${exportKey(exportId)}/${FILES}`,
    billedSizeBytes: source.bytes,
    itemCount: source.rows,
    outputFormat: "DYNAMODB_JSON",
  };
  await writeAtomically(join(path, FILES), `${files.map((file) => JSON.stringify(file)).join("\n")}\n`);
  await writeAtomically(join(path, SUMMARY), JSON.stringify(summary));
  return { path, rows: source.rows, events: source.events, bytes };
}

/** Hands out rows as text, file by file, and counts them. */
class RowSource {
  readonly #chunks: AsyncIterator<RawRow[]>;
  ended = false;
  rows = 0;
  events = 0;
  /** Uncompressed. */
  bytes = 0;

  constructor(rows: AsyncIterable<RawRow[]>) {
    this.#chunks = rows[Symbol.asyncIterator]();
  }

  /** Text of the next file's rows. */
  async *nextFile(): AsyncGenerator<Buffer> {
    for (const end = this.bytes + FILE_BYTES; this.bytes < end; ) {
      const { done, value } = await this.#chunks.next();
      if (done) {
        this.ended = true;
        return;
      }
      let text = "";
      for (const row of value) {
        text += `${exportLine(row)}\n`;
        this.events += row.batch?.count ?? 0;
      }
      this.rows += value.length;
      const chunk = Buffer.from(text);
      this.bytes += chunk.length;
      yield chunk;
    }
  }
}

async function writeFile(path: string, source: RowSource): Promise<{ rows: number; bytes: number; md5: string }> {
  const before = source.rows;
  const hash = createHash("md5");
  let bytes = 0;
  await pipeline(
    () => source.nextFile(),
    // Level 1: an export is read once or twice; at the default level it takes three times as long for a fifth less.
    createGzip({ level: 1 }),
    async function* (compressed: AsyncIterable<Buffer>) {
      for await (const chunk of compressed) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(path, { flush: true }),
  );
  return { rows: source.rows - before, bytes, md5: hash.digest("base64") };
}

async function writeAtomically(path: string, text: string): Promise<void> {
  const draft = `${path}.draft`;
  const file = await open(draft, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
