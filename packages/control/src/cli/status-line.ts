/** One line on stderr that is rewritten in place on a terminal, and printed at most every few seconds in a pipe. */
export interface StatusLine {
  update(text: string): void;
  /** Removes the line from a terminal. */
  clear(): void;
}

const PIPE_EVERY_MS = 5_000;

export function createStatusLine(stream: NodeJS.WriteStream = process.stderr): StatusLine {
  let printed = "";
  let printedAt = Number.NEGATIVE_INFINITY;
  return {
    update(text) {
      if (text === printed) return;
      if (stream.isTTY) {
        stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`);
      } else {
        if (performance.now() - printedAt < PIPE_EVERY_MS) return;
        stream.write(`${text}\n`);
      }
      printed = text;
      printedAt = performance.now();
    },
    clear() {
      if (stream.isTTY) stream.write("\r\u001b[2K");
    },
  };
}
