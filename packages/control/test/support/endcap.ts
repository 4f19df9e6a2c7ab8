import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

const CLI = join(import.meta.dirname, "../../src/cli.ts");

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `endcap <args>` to its end, as a shell would. */
export function endcap(dataDir: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI, "--data", dataDir, ...args],
      { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
}

/** `endcap <args> --json`, its stdout parsed. */
export async function endcapJson<T>(dataDir: string, args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await endcap(dataDir, [...args, "--json"]);
  if (code !== 0) throw new Error(`endcap ${args.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** A command that prints lines until it is stopped, or until what it follows ends. */
export function follow(dataDir: string, args: readonly string[]): { line: Promise<string>; ended: Promise<unknown> } {
  const child = spawn(process.execPath, [CLI, "--data", dataDir, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout });
  return { line: once(lines, "line").then(([line]) => String(line)), ended: once(child, "exit") };
}

export interface ReadyLine {
  readonly ready: true;
  readonly url: string;
  readonly gatewayUrl: string;
  readonly collectorUrl: string;
  readonly mlUrl: string;
  readonly adminTokenFile: string;
  readonly pid: number;
  readonly firstStart: boolean;
  readonly tenants: number;
}

export interface Up {
  readonly child: ChildProcess;
  readonly ready: ReadyLine;
  /** Sends the signal and waits for the end: the exit code, null when killed. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** A running `endcap up`. Whatever a failed test leaves running goes with it. */
export async function startUp(
  dataDir: string,
  args: readonly string[] = ["--free-ports"],
  env: NodeJS.ProcessEnv = {},
): Promise<Up> {
  const child = spawn(process.execPath, [CLI, "--data", dataDir, "up", "--json", ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = once(child, "exit") as Promise<[number | null]>;
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exit;
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as ReadyLine | { error: { message: string } };
    if (!("ready" in told)) throw new Error(`endcap up: ${told.error.message}\n${stderr}`);
    return {
      child,
      ready: told,
      async end(signal) {
        child.kill(signal);
        const [code] = await exit;
        return code;
      },
    };
  }
  throw new Error(`endcap up ended without a word\n${stderr}`);
}
