import { createReadStream, statSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { EndcapError } from "@endcap/protocol";

/** The bytes of a text file, unpacked when it is gzip, and how far reading has come in the file itself. */
export interface ByteSource {
  readonly stream: Readable;
  readonly fraction: () => number;
}

const HEAD_BYTES = 4096;

/** @throws EndcapError `file_not_found`, or `import_format` for a file that is no text */
export async function openText(file: string): Promise<ByteSource> {
  const head = await readHead(file);
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  if (!packed && head.includes(0)) {
    throw new EndcapError("import_format", { detail: `${file} is not a text file.` });
  }
  const size = statSync(file).size;
  const raw = createReadStream(file);
  const stream = packed ? raw.pipe(createGunzip()) : raw;
  if (stream !== raw) raw.on("error", (error) => stream.destroy(error));
  return { stream, fraction: () => (size === 0 ? 1 : raw.bytesRead / size) };
}

export async function readHead(file: string, bytes = HEAD_BYTES): Promise<Buffer> {
  const handle = await open(file, "r").catch((cause: unknown) => {
    throw new EndcapError("file_not_found", { detail: `${file} cannot be read.`, cause });
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
