import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename } from "node:path";
import { EndcapError } from "@endcap/protocol";
import type { ImportProgress } from "@endcap/sdk-node";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { TenantView } from "../tenants/model.ts";
import { connectAdmin, tenantPath } from "./admin-client.ts";
import type { GlobalOptions } from "./global-options.ts";
import { FORMATS } from "./import-sources/formats.ts";
import type { ImportSource } from "./import-sources/source.ts";
import { asCustomer } from "./operator-key.ts";
import { facts, paint, show, table } from "./output.ts";
import { createProgress } from "./progress.ts";

/** Parts in flight: one is stored while the next is made and a third travels. */
const CONCURRENCY = 3;
const PART_BYTES = 4 * 1024 * 1024;
const FAULTS_SHOWN = 20;

interface ImportOptions extends GlobalOptions {
  readonly tenant: string;
  readonly format: string;
  readonly map: ReadonlyMap<string, string>;
  readonly set: ReadonlyMap<string, string>;
  readonly importId?: string;
  readonly env: "live" | "test";
}

interface ImportSummary {
  readonly importId: string;
  /** Lines of the file. */
  readonly lines: number;
  readonly events: number;
  readonly items: number;
  readonly deletes: number;
  readonly rejected: number;
  readonly skipped: Readonly<Record<string, number>>;
  /** Parts that an earlier run had stored. */
  readonly partsSkipped: number;
  readonly seconds: number;
  readonly linesPerSecond: number;
  readonly eventsPerSecond: number;
  readonly faults: readonly { line: number; code: string; pointer?: string }[];
}

export function addImport(program: Command): void {
  program
    .command("import <file>")
    .description("bring a shop's history and catalogue in; run it again to go on where it stopped")
    .requiredOption("--tenant <tenant>", "slug or id")
    .addOption(new Option("--format <format>", "what the file is").choices(Object.keys(FORMATS)).default("ndjson"))
    .option("--map <pairs>", "csv: column=field,… for columns not named like a field", pairs, new Map())
    .option("--set <pairs>", "csv: field=value,… for every row", pairs, new Map())
    .option("--import-id <id>", "name of the import (made from the file's name, size and time)")
    .addOption(new Option("--env <env>", "environment").choices(["live", "test"]).default("live"))
    .action(async (file: string, _options, command: Command) => {
      const options = command.optsWithGlobals<ImportOptions>();
      const admin = connectAdmin(options);
      const { id: tenantId } = await admin.get<TenantView>(tenantPath(options.tenant));
      const importId = options.importId ?? nameOf(file, options);
      const source = await openSource(file, options, tenantId, importId);
      const summary = await asCustomer(admin, options.tenant, options.env, async (endcap) => {
        const startedAt = performance.now();
        const progress = createProgress(`importing ${basename(file)}`);
        const told = ({ events }: ImportProgress) => {
          const lines = source.linesRead();
          const rate = Math.round(lines / ((performance.now() - startedAt) / 1000));
          const counts = `${lines.toLocaleString("en")} lines, ${events.toLocaleString("en")} events`;
          progress.update(source.fraction(), `${counts} | ${rate.toLocaleString("en")} lines/s`);
        };
        try {
          const result = await endcap.imports.run(importId, source.lines, {
            concurrency: CONCURRENCY,
            partBytesMax: PART_BYTES,
            timeoutMsMax: 120_000,
            onProgress: told,
          });
          return summaryOf(importId, source, result, (performance.now() - startedAt) / 1000);
        } finally {
          progress.stop();
        }
      });
      show(options, summary, describe);
    });
}

async function openSource(file: string, options: ImportOptions, tenantId: string, importId: string) {
  const open = FORMATS[options.format];
  if (open === undefined) throw new EndcapError("usage", { detail: `There is no format ${options.format}.` });
  return open({ file, tenantId, importId, map: options.map, set: options.set });
}

/** The same file under the same reading is the same import: what is stored already is not sent again. */
function nameOf(file: string, { format, map, set }: ImportOptions): string {
  const { size, mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
  const identity = JSON.stringify([basename(file), size, mtimeMs, [...map], [...set]]);
  return `${format}-${createHash("sha256").update(identity).digest("hex").slice(0, 16)}`;
}

type Result = ImportProgress & {
  partsSkipped: number;
  faults: readonly { line: number; code: string; pointer?: string }[];
};

function summaryOf(importId: string, source: ImportSource, result: Result, seconds: number): ImportSummary {
  const refused = result.faults.map((fault) => ({ ...fault, line: source.lineOf(fault.line) }));
  return {
    importId,
    lines: source.linesRead(),
    events: result.events,
    items: result.items,
    deletes: result.deletes,
    rejected: result.rejected + source.faultCount(),
    skipped: source.skipped,
    partsSkipped: result.partsSkipped,
    seconds: Math.round(seconds * 100) / 100,
    linesPerSecond: Math.round(source.linesRead() / seconds),
    eventsPerSecond: Math.round(result.events / seconds),
    faults: [...source.faults, ...refused].sort((a, b) => a.line - b.line),
  };
}

function describe(summary: ImportSummary): string {
  const number = (value: number) => value.toLocaleString("en");
  const skipped = Object.entries(summary.skipped).map(([reason, count]) => `${number(count)} ${reason}`);
  const text = facts([
    [
      "import",
      `${paint("bold", summary.importId)}${summary.partsSkipped > 0 ? `, ${summary.partsSkipped} parts were there already` : ""}`,
    ],
    ["lines", `${number(summary.lines)} in ${summary.seconds} s, ${number(summary.linesPerSecond)} a second`],
    ["stored", `${number(summary.events)} events, ${number(summary.items)} items, ${number(summary.deletes)} deletes`],
    ["left out", skipped.length > 0 ? skipped.join(", ") : undefined],
    ["refused", summary.rejected === 0 ? "none" : paint("yellow", number(summary.rejected))],
  ]);
  if (summary.faults.length === 0) return text;
  const rows = summary.faults
    .slice(0, FAULTS_SHOWN)
    .map(({ line, code, pointer }) => [String(line), code, pointer ?? ""]);
  const more = summary.rejected > FAULTS_SHOWN ? `\n… and ${number(summary.rejected - FAULTS_SHOWN)} more` : "";
  return `${text}\n\n${table(["LINE", "CODE", "AT"], rows)}${more}`;
}

function pairs(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(",").map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new InvalidArgumentError("write it as name=value,name=value");
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
    }),
  );
}
