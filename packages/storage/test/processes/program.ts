/** Starts the programs of this directory as processes of their own and reads what they print, line by line. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

export class Program implements Disposable {
  readonly process: ChildProcess;
  /** Complete lines of standard output so far. */
  readonly lines: string[] = [];
  readonly #ended: Promise<unknown>;
  #onLine: (() => void) | undefined;

  constructor(
    file: string,
    args: readonly string[] = [],
    wrap: (command: string[]) => string[] = (command) => command,
  ) {
    const [command = "", ...rest] = wrap([process.execPath, join(import.meta.dirname, file), ...args]);
    // Errors of lmdb go to standard error; they are part of what some tests provoke.
    this.process = spawn(command, rest, { stdio: ["pipe", "pipe", process.env.DEBUG ? "inherit" : "ignore"] });
    const lines = createInterface({ input: this.process.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => {
      this.lines.push(line);
      this.#onLine?.();
    });
    this.#ended = Promise.all([once(lines, "close"), once(this.process, "exit")]);
  }

  /** The first line that starts with `start`, from line number `from` on; fails when the program ends without one. */
  async line(start: string, from = 0): Promise<string> {
    for (;;) {
      const found = this.lines.slice(from).find((line) => line.startsWith(start));
      if (found !== undefined) return found;
      const ended = await Promise.race([
        this.#ended.then(() => true),
        new Promise<false>((resolve) => {
          this.#onLine = () => resolve(false);
        }),
      ]);
      if (ended && !this.lines.slice(from).some((line) => line.startsWith(start)))
        throw new Error(`ended without "${start}": ${this.lines.slice(-5).join(" | ")}`);
    }
  }

  tell(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  /** kill -9; resolves when it is gone and all it printed was read. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.#ended;
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  [Symbol.dispose](): void {
    this.process.kill("SIGKILL");
  }
}
