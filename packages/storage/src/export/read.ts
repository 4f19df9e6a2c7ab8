import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { createGunzip } from "node:zlib";
import { EndcapError } from "@endcap/protocol";
import type { TableRow } from "../ports/table-row.ts";
import { decodeRow, kindOf, parseExportLine, type RowKind } from "../rows/raw-row.ts";
import { DATA, damaged, FILES, parseFiles, parseSummary, SUMMARY } from "./manifest.ts";

export interface ExportFile {
  readonly path: string;
  readonly rows: number;
}

export interface CheckedExport {
  readonly files: ExportFile[];
  /** All rows, those included that `readExport` leaves out. */
  readonly rows: number;
  /** RFC 3339: the moment the export shows. */
  readonly exportTime: string;
}

/**
 * Checks an export (`<dir>/AWSDynamoDB/<exportId>`) against its manifests: every data file is there and has its MD5.
 * For readers with a parser of their own; `readExport` does it by itself.
 * @throws EndcapError `export_damaged`; `file_not_found` when there is no finished export
 */
export async function checkExport(path: string): Promise<CheckedExport> {
  const summary = parseSummary(await readText(join(path, SUMMARY)));
  const listed = parseFiles(await readText(join(path, FILES)));
  const files: ExportFile[] = [];
  let rows = 0;
  for (const { dataFileS3Key, md5Checksum, itemCount } of listed) {
    const file = join(path, DATA, basename(dataFileS3Key));
    if ((await md5(file)) !== md5Checksum) throw damaged(`${file} does not have the MD5 its manifest says`);
    files.push({ path: file, rows: itemCount });
    rows += itemCount;
  }
  if (rows !== summary.itemCount) throw damaged(`the manifests disagree: ${rows} rows and ${summary.itemCount}`);
  return { files, rows, exportTime: summary.exportTime };
}

/**
 * The rows of an export in no promised order, of `kinds` only when given. The whole export is checked before the first
 * row, so a truncated one gives none.
 * @throws EndcapError `export_damaged`, `file_not_found`
 */
export async function* readExport<K extends RowKind = RowKind>(
  path: string,
  kinds?: readonly K[],
): AsyncGenerator<Extract<TableRow, { kind: K }>> {
  const wanted: ReadonlySet<string> | undefined = kinds && new Set(kinds);
  const { files } = await checkExport(path);
  for (const file of files) {
    let rows = 0;
    for await (const lines of linesOf(file.path)) {
      for (const line of lines) {
        rows++;
        const raw = parseExportLine(line);
        if (wanted && !wanted.has(kindOf(raw) ?? "")) continue;
        const row = decodeRow(raw);
        if (row) yield row as Extract<TableRow, { kind: K }>;
      }
    }
    if (rows !== file.rows) throw damaged(`${file.path} has ${rows} rows, its manifest says ${file.rows}`);
  }
}

/** Lines of a gzip file, as many at a time as a chunk completes. */
async function* linesOf(path: string): AsyncGenerator<string[]> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const unpacked = createReadStream(path, { highWaterMark: 256 * 1024 }).pipe(createGunzip({ chunkSize: 256 * 1024 }));
  for await (const chunk of unpacked) {
    const lines = (rest + decoder.write(chunk as Buffer)).split("\n");
    rest = lines.pop() as string;
    yield lines;
  }
  rest += decoder.end();
  if (rest !== "") yield [rest];
}

async function md5(path: string): Promise<string> {
  const hash = createHash("md5");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  } catch (error) {
    throw damaged(`${path} cannot be read`, error);
  }
  return hash.digest("base64");
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new EndcapError("file_not_found", { internal: `no finished export: ${path}`, cause });
  }
}
