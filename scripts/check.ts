/**
 * Everything that must hold besides the tests: `npm run check`, or a part of it: `npm run check -- types floors`.
 * With `--report FILE` the counts are also written there as JSON, for CI.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { apps } from "./checks/apps.ts";
import { charts } from "./checks/charts.ts";
import { type Check, CheckFailure, program } from "./checks/check.ts";
import { compatibility } from "./checks/compatibility.ts";
import { floors } from "./checks/floors.ts";
import { generatedChecks } from "./checks/generated.ts";
import { published } from "./checks/published.ts";
import { release } from "./checks/release.ts";
import { runtimes } from "./checks/runtimes.ts";
import { sizes } from "./checks/sizes.ts";
import { tidy } from "./checks/tidy.ts";
import { typeChecks } from "./checks/types.ts";

const checks: readonly Check[] = [
  program("lint", "biome", "ci", "--colors=off", "--error-on-warnings", "."),
  ...typeChecks(),
  floors,
  program("dead code", "knip", "--no-progress", "--no-config-hints"),
  charts,
  published,
  release,
  runtimes,
  apps,
  compatibility,
  sizes,
  tidy,
  ...generatedChecks(),
];

const atOnce = 2;

interface Outcome {
  readonly check: Check;
  readonly seconds: number;
  readonly note?: string | undefined;
  readonly failure?: string;
}

async function runOne(check: Check): Promise<Outcome> {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  try {
    const note = await check.run();
    return { check, seconds: seconds(), note };
  } catch (error) {
    // Anything else than a finding is a fault of the check itself, and no less a reason to fail.
    const failure =
      error instanceof CheckFailure ? error.message : String(error instanceof Error ? error.stack : error);
    return { check, seconds: seconds(), failure };
  }
}

async function runAll(selected: readonly Check[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const waiting = selected.values();
  const worker = async () => {
    for (const check of waiting) {
      const outcome = await runOne(check);
      outcomes.push(outcome);
      if (outcome.failure !== undefined) process.stdout.write(`\n--- ${check.name}\n${outcome.failure}\n`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return outcomes.sort((a, b) => selected.indexOf(a.check) - selected.indexOf(b.check));
}

function readArguments() {
  try {
    return parseArgs({ options: { report: { type: "string" } }, allowPositionals: true });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nUsage: npm run check -- [NAME…] [--report FILE]\n`);
    process.exit(2);
  }
}

const { values, positionals } = readArguments();
const selected = checks.filter(
  ({ name }) => positionals.length === 0 || positionals.some((word) => name.startsWith(word)),
);
if (selected.length === 0) {
  process.stderr.write(`No such check. There are: ${checks.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}

const outcomes = await runAll(selected);
const width = Math.max(...outcomes.map(({ check }) => check.name.length));
process.stdout.write("\n");
for (const { check, seconds, note, failure } of outcomes) {
  const verdict = failure === undefined ? "pass" : "FAIL";
  const line = `${verdict}  ${check.name.padEnd(width)}  ${seconds.toFixed(1).padStart(5)} s  ${note ?? ""}`;
  process.stdout.write(`${line.trimEnd()}\n`);
}
const failed = outcomes.filter(({ failure }) => failure !== undefined).length;
const counts = { passed: outcomes.length - failed, failed };
process.stdout.write(`\n${counts.passed} checks passed, ${counts.failed} failed\n`);
if (values.report) writeFileSync(values.report, `${JSON.stringify(counts)}\n`);
process.exitCode = failed === 0 ? 0 : 1;
