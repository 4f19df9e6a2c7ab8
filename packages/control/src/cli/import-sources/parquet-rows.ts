import { zstdDecompressSync } from "node:zlib";
import { EndcapError } from "@endcap/protocol";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { readHead } from "./byte-source.ts";

export interface ParquetFile {
  readonly columns: readonly string[];
  readonly rows: number;
  /** All rows in order, one row group in memory at a time. */
  read(columns: readonly string[]): AsyncGenerator<Record<string, unknown>[]>;
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
        yield await parquetReadObjects({
          file,
          metadata,
          columns: [...columns],
          rowStart,
          rowEnd,
          compressors: { ZSTD: (input) => zstdDecompressSync(input) },
        });
        rowStart = rowEnd;
      }
    },
  };
}

function notParquet(path: string, cause?: unknown): EndcapError {
  return new EndcapError("import_format", { detail: `${path} is not a Parquet file.`, cause });
}
