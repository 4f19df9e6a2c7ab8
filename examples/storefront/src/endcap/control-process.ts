import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Config } from "../config.ts";

const cli = fileURLToPath(new URL("../../../../packages/control/dist/cli.js", import.meta.url));
const stopMsMax = 15_000;

/** What `endcap up --json` prints once everything is ready. */
interface ReadyLine {
  ready: true;
  url: string;
  gatewayUrl: string;
  consoleUrl: string;
  adminTokenFile: string;
}

interface FailedLine {
  ready?: false;
  error: { code: string; message: string };
}

/** Endcap did not start; the message is fit to be the last thing a user reads. */
export class EndcapNotStarted extends Error {}

/** `endcap up` as a child process: what an operator runs on one machine. */
export class ControlProcess {
  readonly url: string;
  readonly gatewayUrl: string;
  readonly consoleUrl: string;
  readonly adminToken: string;
  readonly #child: ChildProcess;

  private constructor(ready: ReadyLine, adminToken: string, child: ChildProcess) {
    this.url = ready.url;
    this.gatewayUrl = ready.gatewayUrl;
    this.consoleUrl = ready.consoleUrl;
    this.adminToken = adminToken;
    this.#child = child;
  }

  /** Aborting stops what has been started and rejects with the signal's reason. */
  static async start(config: Config, signal: AbortSignal): Promise<ControlProcess> {
    signal.throwIfAborted();
    const ports = [
      ["--port", config.controlPort],
      ["--gateway-port", config.gatewayPort],
      ["--collector-port", config.collectorPort],
      ["--ml-port", config.mlPort],
    ].flat();
    const args = [cli, "up", "--json", "--data", config.endcapData, "--host", config.host, ...ports.map(String)];
    // A process group of its own: Ctrl-C reaches us alone, and we say when Endcap stops.
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    const complaints: string[] = [];
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      complaints.push(text);
      complaints.splice(0, complaints.length - 20);
    });
    const stopChild = () => child.kill("SIGTERM");
    signal.addEventListener("abort", stopChild);
    try {
      const line = await firstLine(child);
      signal.throwIfAborted();
      if (line === undefined || !line.ready) {
        throw new EndcapNotStarted(
          line?.error.message ?? (complaints.join("").trim() || "Endcap ended before it was ready."),
        );
      }
      return new ControlProcess(line, (await readFile(line.adminTokenFile, "utf8")).trim(), child);
    } catch (error) {
      await stop(child);
      throw error;
    } finally {
      signal.removeEventListener("abort", stopChild);
    }
  }

  /** Resolves when the process ends, however it ends. */
  get exited(): Promise<unknown> {
    return hasEnded(this.#child) ? Promise.resolve() : once(this.#child, "exit");
  }

  stop(): Promise<void> {
    return stop(this.#child);
  }
}

async function firstLine(child: ChildProcess): Promise<ReadyLine | FailedLine | undefined> {
  if (child.stdout === null) return undefined;
  // Reading on keeps the pipe from filling up.
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    lines.once("line", (line) => {
      try {
        resolve(JSON.parse(line));
      } catch (error) {
        reject(error);
      }
    });
    lines.once("close", () => resolve(undefined));
  });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
  await exited;
  clearTimeout(timer);
}
