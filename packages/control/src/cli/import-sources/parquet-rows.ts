import { zstdDecompressSync } from "node:zlib";
import { EndcapError } from "@endcap/protocol";
import { type AsyncBuffer, asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetRead } from "hyparquet";
import { readHead } from "./byte-source.ts";

export interface ParquetFile {
  readonly columns: readonly string[];
  readonly rows: number;
  /** All rows in order. Memory holds the named columns of one row group, and one row as an object. */
  read(columns: readonly string[]): AsyncGenerator<Record<string, unknown>>;
}

/** @throws EndcapError `file_not_found`, `import_format` */
export async function openParquet(path: string): Promise<ParquetFile> {
  const head = await readHead(path, 4);
  if (head.toString("latin1") !== "PAR1") throw notParquet(path);
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file).catch((cause: unknown) => {
    throw notParquet(path, cause);
  });
  return {
    columns: metadata.schema.slice(1).map((column) => column.name),
    rows: Number(metadata.num_rows),
    async *read(columns) {
      let rowStart = 0;
      for (const group of metadata.row_groups) {
        const rowEnd = rowStart + Number(group.num_rows);
        yield* rowsOf(await readGroup(file, metadata, columns, rowStart, rowEnd), rowEnd - rowStart);
        rowStart = rowEnd;
      }
    },
  };
}

type Column = ArrayLike<unknown>;

/** A row group as columns: a tenth of the memory that an object for every row would take. */
async function readGroup(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly string[],
  rowStart: number,
  rowEnd: number,
): Promise<Map<string, Column[]>> {
  const chunks = new Map<string, Column[]>(columns.map((name) => [name, []]));
  await parquetRead({
    file,
    metadata,
    columns: [...columns],
    rowStart,
    rowEnd,
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
    onChunk: ({ columnName, columnData }) => chunks.get(columnName)?.push(columnData),
  });
  return chunks;
}

function* rowsOf(columns: ReadonlyMap<string, readonly Column[]>, rows: number): Generator<Record<string, unknown>> {
  const cursors = [...columns].map(([name, chunks]) => ({ name, chunks, chunk: 0, index: 0 }));
  for (let n = 0; n < rows; n += 1) {
    const row: Record<string, unknown> = {};
    for (const cursor of cursors) {
      while (cursor.index >= (cursor.chunks[cursor.chunk]?.length ?? Number.POSITIVE_INFINITY)) {
        cursor.chunk += 1;
        cursor.index = 0;
      }
      row[cursor.name] = cursor.chunks[cursor.chunk]?.[cursor.index];
      cursor.index += 1;
    }
    yield row;
  }
}

function notParquet(path: string, cause?: unknown): EndcapError {
  return new EndcapError("import_format", { detail: `${path} is not a Parquet file.`, cause });
}
