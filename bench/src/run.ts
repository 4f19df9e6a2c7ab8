/**
 * Runs one bench: `npm run bench -- NAME [--json] [--short] [its own options]`, or names them all: `--list`.
 *
 * stdout carries the result and nothing else, with --json exactly one line. Everything said on the way goes to stderr.
 */
import { parseArgs } from "node:util";
import type { Bench, BenchResult, Cleanup, OptionValues } from "./bench.ts";
import { listBenches, loadBench } from "./registry.ts";
import { jsonLine, table } from "./report.ts";

const print = process.stdout.write.bind(process.stdout);
// A library's console.log must not become a second line of the result.
process.stdout.write = process.stderr.write.bind(process.stderr);

const common = { json: { type: "boolean" }, short: { type: "boolean" } } as const;
const lingerMsMax = 5000;

/** The bench was called wrongly; the message says how to call it. */
class UsageError extends Error {}

const cleanups: Cleanup[] = [];

async function cleanUp(): Promise<void> {
  for (let work = cleanups.pop(); work; work = cleanups.pop()) await work();
}

async function runBench(bench: Bench, short: boolean, options: OptionValues): Promise<BenchResult> {
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  try {
    return await bench.run({ short, options, log, cleanup: (work) => void cleanups.push(work) });
  } catch (error) {
    log(error instanceof Error ? String(error.stack) : String(error));
    return { ok: false, figures: {} };
  } finally {
    await cleanUp();
  }
}

function parseOptions(name: string, bench: Bench, args: string[]): Record<string, string | boolean | undefined> {
  const options = { ...bench.options, ...common };
  try {
    return parseArgs({ args, options, strict: true }).values;
  } catch (error) {
    const known = Object.keys(options).map((option) => `--${option}`);
    throw new UsageError(`${error instanceof Error ? error.message : error}\n${name} knows ${known.join(", ")}`);
  }
}

async function main(args: readonly string[]): Promise<boolean> {
  const names = await listBenches();
  const [name, ...rest] = args;
  if (name === "--list") {
    for (const each of names) print(`${each}\n`);
    return true;
  }
  if (name === undefined || !names.includes(name)) {
    throw new UsageError(`npm run bench -- NAME [--json] [--short]\nNAME is one of: ${names.join(", ")}`);
  }
  const bench = await loadBench(name);
  const { json, short, ...options } = parseOptions(name, bench, rest);
  const result = await runBench(bench, short === true, options);
  print(json ? jsonLine(name, result) : table(name, result));
  return result.ok;
}

for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => void cleanUp().finally(() => process.exit(exitCode)));
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}

// A bench that leaves a socket open must not hang whoever waits for it; unref: nothing waits for this timer itself.
setTimeout(() => {
  process.stderr.write(`still open after the bench: ${process.getActiveResourcesInfo().join(", ")}\n`);
  process.exit();
}, lingerMsMax).unref();
