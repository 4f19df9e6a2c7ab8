import { copyFile, open, stat, truncate } from "node:fs/promises";

/** A log that has grown past this is started anew; one older part is kept as `<name>.1`. */
const LOG_BYTES_MAX = 64 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const POLL_MS = 500;

export interface LogTail {
  close(): void;
}

export interface LogRecord {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/**
 * Follows a process's log from its present end and hands on warnings and worse. The process writes to the file itself:
 * a busy one does not push every line through control, and goes on logging when control is gone.
 */
export function tailLog(file: string, levelMin: number, onRecord: (record: LogRecord) => void): LogTail {
  let offset: number | undefined;
  let polling = false;

  async function poll(): Promise<void> {
    const size = await sizeOf(file);
    offset = offset === undefined || size < offset ? (offset === undefined ? size : 0) : offset;
    while (offset < size) {
      const text = await readAt(file, offset, Math.min(size - offset, CHUNK_BYTES));
      // A line longer than a chunk is passed over; an unfinished one waits for its end.
      const end = text.lastIndexOf(10) + 1 || (text.length === CHUNK_BYTES ? text.length : 0);
      if (end === 0) return;
      for (const line of text.toString("utf8", 0, end).split("\n")) {
        const record = recordOf(line, levelMin);
        if (record !== undefined) onRecord(record);
      }
      offset += end;
    }
    if (size > LOG_BYTES_MAX) {
      await copyFile(file, `${file}.1`);
      await truncate(file); // the process appends, so it goes on at the new end
      offset = 0;
    }
  }

  const look = () => {
    if (polling) return;
    polling = true;
    poll()
      .catch(() => undefined) // the file comes with the process's first start
      .finally(() => {
        polling = false;
      });
  };
  const timer = setInterval(look, POLL_MS).unref();
  look();
  return { close: () => clearInterval(timer) };
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file)).size;
}

async function readAt(file: string, position: number, length: number): Promise<Buffer> {
  const handle = await open(file, "r");
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

const LEVEL = /^\{"level":(\d+)/;
const LEVEL_ERROR = 50;
/** A crash: Node prints its stack outside the log, and one line of it says what happened. */
const CRASH = /^(\w+: )?(Uncaught )?\w*Error\b/;

/** pino writes the level first, so most lines are told by their first bytes without being parsed. */
function recordOf(line: string, levelMin: number): LogRecord | undefined {
  const level = Number(LEVEL.exec(line)?.[1] ?? Number.NaN);
  if (Number.isNaN(level)) return CRASH.test(line) ? { level: LEVEL_ERROR, msg: line } : undefined;
  return level < levelMin ? undefined : (JSON.parse(line) as LogRecord);
}
