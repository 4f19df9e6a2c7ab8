import cliProgress from "cli-progress";

/** One piece of long work: how far it is, how fast, and how long it will take. */
export interface Progress {
  update(done: number): void;
  /** With a last word instead of the rate, when there is one. */
  finish(): void;
}

/** stdout, or whatever stands for it. */
type Out = NodeJS.WritableStream & { isTTY?: boolean };

const barColumns = 18;
const plainEveryMs = 1000;
const number = new Intl.NumberFormat("en-GB");

/** A bar on a terminal, a line a second anywhere else. */
export function startProgress(
  what: string,
  unit: string,
  total: number,
  out: Out,
  now: () => number = () => performance.now(),
): Progress {
  return out.isTTY ? bar(what, unit, total, out, now) : plain(what, unit, total, out, now);
}

function bar(what: string, unit: string, total: number, out: Out, now: () => number): Progress {
  const start = now();
  const bar = new cliProgress.SingleBar({
    stream: out,
    hideCursor: true,
    barCompleteChar: "━",
    barIncompleteChar: "─",
    barsize: barColumns,
    fps: 12,
    format: (_options, { progress, value, total }) => {
      const filled = Math.round(progress * barColumns);
      return `  ${what.padEnd(10)} ${"━".repeat(filled)}${"─".repeat(barColumns - filled)}  ${counted(value, total, unit, now() - start)}`;
    },
  });
  bar.start(total, 0);
  return {
    update: (done) => bar.update(done),
    finish() {
      bar.update(bar.getTotal());
      bar.stop();
    },
  };
}

function plain(what: string, unit: string, total: number, out: Out, now: () => number): Progress {
  const start = now();
  let toldAt = start;
  let last = 0;
  const tell = (done: number) => out.write(`  ${what}: ${counted(done, total, unit, now() - start)}\n`);
  return {
    update(done) {
      last = done;
      if (now() - toldAt < plainEveryMs || done === total) return;
      toldAt = now();
      tell(done);
    },
    finish: () => tell(Math.max(last, total)),
  };
}

/** "20,000 of 60,451 events, 18,200/s, 2 s left". */
export function counted(done: number, total: number, unit: string, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? (done / elapsedMs) * 1000 : 0;
  const left = rate > 0 && done < total ? `, ${Math.ceil((total - done) / rate)} s left` : "";
  return `${number.format(done)} of ${number.format(total)} ${unit}${rate > 0 ? `, ${number.format(Math.round(rate))}/s` : ""}${left}`;
}
