import { spawn } from "node:child_process";
import { resolve as resolvePath } from "node:path";

/** The clone's root directory. */
export const root = resolvePath(import.meta.dirname, "../..");

export interface Check {
  readonly name: string;
  /** Resolves with a few words for the table, or nothing; throws a CheckFailure with all that was found. */
  run(): Promise<string | undefined>;
}

/** The check ran and found something; the message is the whole finding. */
export class CheckFailure extends Error {}

/** Throws a CheckFailure that lists the findings, if there are any. */
export function reportFindings(findings: readonly string[]): void {
  if (findings.length > 0) throw new CheckFailure(findings.join("\n"));
}

/** Runs a program to its end; a non-zero exit is a CheckFailure with what it printed. Resolves with its stdout. */
export function execute(
  command: string,
  args: readonly string[],
  cwd = root,
  env = {},
  input?: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: "pipe", env: { ...plainEnv, ...env } });
    // A program that ends before it has read everything says so by its exit code.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const out: Buffer[] = [];
    const both: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => {
      out.push(chunk);
      both.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => both.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString());
      else reject(new CheckFailure(Buffer.concat(both).toString().trim() || `${command} ended with ${code}`));
    });
  });
}

// Findings are read in logs as often as in terminals.
const plainEnv = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };

/** A check that is one program of node_modules/.bin. */
export function program(name: string, command: string, ...args: string[]): Check {
  return {
    name,
    async run() {
      await execute(command, args);
      return undefined;
    },
  };
}
