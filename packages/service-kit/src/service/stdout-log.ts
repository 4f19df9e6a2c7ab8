import { type Logger, pino } from "pino";

const flushMs = 100;
const bytesAtOnce = 32 * 1024;

/** What to write at the end of the process. One listener for all: a process may hold many services, as tests do. */
const flushAtExit = new Set<() => void>();

/**
 * JSON lines on stdout, handed over once a turn and written many at a time: a system call for each record costs more than
 * the record, and so does pino's destination, which measures all that waits anew with each line that it gets.
 * What waits is written at exit, and before a fatal record returns; a kill -9 may lose the last tenth of a second.
 */
export function stdoutLog(name: string, level: string): Logger {
  const sizes = { minLength: bytesAtOnce, maxWrite: 2 * bytesAtOnce };
  const destination = pino.destination({ dest: 1, sync: false, ...sizes, periodicFlush: flushMs });
  let turn = "";

  function handOver(): void {
    const lines = turn;
    turn = "";
    if (lines !== "") destination.write(lines);
  }

  const stream = {
    write(line: string): void {
      if (turn === "") setImmediate(handOver);
      turn += line;
    },
    flushSync(): void {
      handOver();
      destination.flushSync();
    },
  };
  // After pino's own handler, which knows nothing of what is gathered here.
  if (flushAtExit.size === 0) {
    process.once("exit", () => {
      for (const flush of flushAtExit) flush();
    });
  }
  flushAtExit.add(() => stream.flushSync());
  return pino({ name, level, base: undefined }, stream);
}
