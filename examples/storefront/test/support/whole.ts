import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const start = fileURLToPath(new URL("../../src/start.ts", import.meta.url));

/** Origins of a running product. */
export interface Running {
  readonly shop: string;
  readonly gateway: string;
  readonly control: string;
  readonly output: string;
}

/** `npm start`: the whole product on real parts, in a directory of its own. */
export class Whole {
  readonly #directory: string;
  #child: ChildProcess | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async inDirectoryOfItsOwn(): Promise<Whole> {
    return new Whole(await mkdtemp(join(tmpdir(), "storefront-")));
  }

  /** On free ports, or those of an earlier run, so that a browser meets the same origins again. */
  async run(earlier?: Running): Promise<Running> {
    const port = (origin: string | undefined) => (origin === undefined ? "0" : new URL(origin).port);
    const ports = {
      shop: port(earlier?.shop),
      gateway: port(earlier?.gateway),
      control: port(earlier?.control),
      collector: "0",
      ml: "0",
    };
    const flags = Object.entries(ports).flatMap(([name, value]) => [`--${name}-port`, value]);
    const child = spawn(
      process.execPath,
      [start, "--data", join(this.#directory, "data"), "--shoppers", "600", ...flags],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#child = child;
    let output = "";
    child.stderr.on("data", (text) => {
      output += text;
    });
    for await (const line of createInterface({ input: child.stdout })) {
      output += `${line}\n`;
      if (line.startsWith("Ctrl-C")) break;
    }
    const [shop, gateway, control] = ["shop", "gateway", "admin"].map(
      (name) => new RegExp(`(http:\\S+) +the ${name}`).exec(output)?.[1],
    );
    if (shop === undefined || gateway === undefined || control === undefined) throw new Error(output);
    return { shop, gateway, control, output };
  }

  /** Ctrl-C, and how many seconds it took. Nothing runs: 0. */
  async stop(): Promise<number> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return 0;
    const began = performance.now();
    const exited = once(child, "exit");
    child.kill("SIGINT");
    const [code] = await exited;
    if (code !== 0) throw new Error(`npm start ended with ${code}`);
    return (performance.now() - began) / 1000;
  }

  /** What the collector has accepted since the call, as "type item": control hands its stream through. */
  followEvents({ control }: Running): () => readonly string[] {
    const lines: string[] = [];
    const read = async () => {
      const { origin } = new URL(control);
      const token = (await readFile(join(this.#directory, "data/control/admin.token"), "utf8")).trim();
      const { body } = await fetch(`${origin}/v1/tenants/demo-shop/events`, {
        headers: { authorization: `Bearer ${token}` },
      });
      let rest = "";
      for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const whole = (rest + text).split("\n");
        rest = whole.pop() ?? "";
        for (const line of whole.filter((line) => line !== "")) {
          const { type, items } = JSON.parse(line);
          lines.push(`${type} ${items?.[0]?.id}`);
        }
      }
    };
    // The stream ends with control, in the middle of whatever it is doing.
    read().catch((error: unknown) => lines.push(String(error)));
    return () => lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
