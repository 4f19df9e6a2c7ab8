import type { ImportLine } from "@endcap/sdk-node";

/** A line that never left this machine, and why. */
export interface SourceFault {
  /** Counts from 1 in the file. */
  readonly line: number;
  readonly code: "line_invalid" | "item_invalid" | "event_invalid";
  readonly pointer?: string;
}

/** A file as lines for the collector. Reading it again gives the same lines: an import resumes by that. */
export interface ImportSource {
  readonly lines: AsyncIterable<ImportLine>;
  /** How much of the file has been read, 0 to 1. */
  readonly fraction: () => number;
  /** Lines of the file read so far. */
  readonly linesRead: () => number;
  /** Lines that were left out on purpose, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Malformed lines: the first 1,000 of them. */
  readonly faults: readonly SourceFault[];
  /** Malformed lines in all. */
  readonly faultCount: () => number;
  /** The line of the file that the n-th line handed out (from 1) came from. */
  readonly lineOf: (sent: number) => number;
}

export interface SourceOptions {
  readonly file: string;
  readonly tenantId: string;
  /** Names the import: ids made for lines that have none are derived from it, so that a repeated run makes the same. */
  readonly importId: string;
  /** For csv: column to field. */
  readonly map: ReadonlyMap<string, string>;
  /** For csv: field to a constant. */
  readonly set: ReadonlyMap<string, string>;
}
