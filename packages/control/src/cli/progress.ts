import { SingleBar } from "cli-progress";

export interface Progress {
  /** `fraction` 0 to 1; `told` is what else to say, e.g. a rate. */
  update(fraction: number, told: string): void;
  stop(): void;
}

const PIPE_EVERY_MS = 5_000;

/** A bar with rate and ETA on a terminal, a plain line every few seconds in a pipe. On stderr: stdout is the result's. */
export function createProgress(what: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  const startedAt = performance.now();
  if (stream.isTTY) {
    const bar = new SingleBar({
      format: `${what} [{bar}] {percentage}% | {told} | ETA {left}`,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      hideCursor: true,
      clearOnComplete: true,
      stream,
    });
    bar.start(1000, 0, { told: "", left: "-" });
    return {
      update: (fraction, told) => bar.update(Math.round(fraction * 1000), { told, left: eta(startedAt, fraction) }),
      stop: () => bar.stop(),
    };
  }
  let saidAt = startedAt;
  return {
    update(fraction, told) {
      if (performance.now() - saidAt < PIPE_EVERY_MS) return;
      saidAt = performance.now();
      stream.write(`${what} ${Math.round(fraction * 100)}% | ${told} | ETA ${eta(startedAt, fraction)}\n`);
    },
    stop() {
      // Its lines stay.
    },
  };
}

function eta(startedAt: number, fraction: number): string {
  if (fraction <= 0) return "-";
  const seconds = Math.ceil(((performance.now() - startedAt) / 1000) * (1 / fraction - 1));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
