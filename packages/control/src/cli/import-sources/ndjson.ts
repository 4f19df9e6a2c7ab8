import { createInterface } from "node:readline";
import { EndcapError, uuidV8 } from "@endcap/protocol";
import type { ImportLine } from "@endcap/sdk-node";
import { openText } from "./byte-source.ts";
import { LineLedger } from "./ledger.ts";
import type { ImportSource, SourceOptions } from "./source.ts";

/** A file whose first lines are all no JSON objects is of another format: saying so beats a million faults. */
const WRONG_FORMAT_AFTER = 20;

/**
 * NDJSON: `{"event": …}`, `{"item": …}` or `{"delete": "<item id>"}` a line, plain or gzip. What is inside is judged by
 * the collector; an event without an id gets one derived from the import and its line.
 */
export async function ndjsonSource(options: SourceOptions): Promise<ImportSource> {
  const { stream, fraction } = await openText(options.file);
  const ledger = new LineLedger();

  async function* lines(): AsyncGenerator<ImportLine> {
    for await (const text of createInterface({ input: stream })) {
      ledger.linesRead += 1;
      if (text.trim() === "") {
        ledger.skip("empty");
        continue;
      }
      const line = parse(text, options, ledger.linesRead);
      if (line === undefined) {
        ledger.fault({ line: ledger.linesRead, code: "line_invalid" });
        refuseForeign(options.file, ledger);
        continue;
      }
      ledger.hand(ledger.linesRead);
      yield line;
    }
  }

  return {
    lines: lines(),
    fraction,
    linesRead: () => ledger.linesRead,
    skipped: ledger.skipped,
    faults: ledger.faults,
    faultCount: () => ledger.faultCount,
    lineOf: (sent) => ledger.lineOf(sent),
  };
}

function parse(text: string, { tenantId, importId }: SourceOptions, line: number): ImportLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  if ("event" in value && typeof value.event === "object" && value.event !== null && !("id" in value.event)) {
    value.event = { id: uuidV8(tenantId, importId, String(line)), ...value.event };
  }
  // Its shape is the collector's to judge: a refused line comes back with its number.
  return value as ImportLine;
}

function refuseForeign(file: string, { linesRead, faultCount }: LineLedger): void {
  if (linesRead === faultCount && faultCount >= WRONG_FORMAT_AFTER) {
    throw new EndcapError("import_format", {
      detail: `${file} is not NDJSON: none of its first ${faultCount} lines is a JSON object.`,
    });
  }
}
