import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface OpenLoopTask {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** In ASCII. */
  readonly bodies: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
  readonly expected: number;
  /**
   * Latencies run from the sending, for a client that shares its core with a server: it looks at what is due once a
   * millisecond, which would count.
   */
  readonly fromSending?: boolean;
}

export interface OpenLoop {
  /** Answers a second over the whole run; below the rate that was asked for when the server did not keep up. */
  readonly perSecond: number;
  readonly msP50: number;
  readonly msP90: number;
  readonly msP99: number;
  readonly msMax: number;
  /** Answers other than the expected status, and connections that broke. */
  readonly errors: number;
  /** What the generator itself took of the processor for each request. */
  readonly clientCpuUs: number;
}

/**
 * Requests at a fixed rate, whatever the server does (an open loop), from a process of its own. A latency runs from the
 * moment at which a request was due, so that one that had to wait for its turn counts its waiting too.
 */
export async function openLoop(task: OpenLoopTask): Promise<OpenLoop> {
  const child = fork(fileURLToPath(new URL("open-loop-client.ts", import.meta.url)), {
    stdio: ["ignore", 2, 2, "ipc"],
    serialization: "advanced",
  });
  child.send(task);
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`the load generator ended with ${code}`);
  });
  const [result] = (await Promise.race([once(child, "message"), exited])) as [OpenLoop];
  exited.catch(() => undefined);
  child.kill();
  return result;
}
