import type { SourceFault } from "./source.ts";

const FAULTS_MAX = 1_000;

/**
 * Which line of the file each handed-out line came from, and what was left out. Kept as the places where the distance
 * between the two changes: a file without gaps costs nothing however long it is.
 */
export class LineLedger {
  readonly faults: SourceFault[] = [];
  readonly skipped: Record<string, number> = {};
  linesRead = 0;
  faultCount = 0;
  #sent = 0;
  #distance = 0;
  readonly #changes: { sent: number; distance: number }[] = [{ sent: 0, distance: 0 }];

  /** The next line handed out stands for `line` of the file. */
  hand(line: number): void {
    this.#sent += 1;
    const distance = line - this.#sent;
    if (distance === this.#distance) return;
    this.#distance = distance;
    this.#changes.push({ sent: this.#sent, distance });
  }

  skip(reason: string): void {
    this.skipped[reason] = (this.skipped[reason] ?? 0) + 1;
  }

  fault(fault: SourceFault): void {
    this.faultCount += 1;
    if (this.faults.length < FAULTS_MAX) this.faults.push(fault);
  }

  lineOf(sent: number): number {
    let low = 0;
    let high = this.#changes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#changes[middle]?.sent ?? 0) <= sent) low = middle;
      else high = middle - 1;
    }
    return sent + (this.#changes[low]?.distance ?? 0);
  }
}
