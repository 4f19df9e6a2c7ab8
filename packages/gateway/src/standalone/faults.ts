import { EndcapError } from "@endcap/protocol";

/** One mistake in the file, where it stands and what would be right. It never quotes a value: values may be secrets. */
export interface StandaloneFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const toldMax = 20;

/** All mistakes of a file as one error whose message an editor can jump from: `gateway.yaml:7:5: …`. */
export function standaloneError(file: string, faults: readonly StandaloneFault[]): EndcapError {
  const lines = faults
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .slice(0, toldMax)
    .map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  if (faults.length > toldMax) lines.push(`and ${faults.length - toldMax} more`);
  return new EndcapError("config_invalid", { internal: lines.join("\n") });
}
