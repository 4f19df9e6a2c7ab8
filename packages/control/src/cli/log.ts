import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { type Logger, multistream, pino } from "pino";
import { dataDirPaths } from "../data-dir.ts";
import { paint } from "./output.ts";

/** Everything to `logs/control.log`, warnings and worse also to the terminal, as lines for people. */
export function createLog(dataDir: string, level: string): Logger {
  const { logs } = dataDirPaths(dataDir);
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const file = pino.destination({ dest: join(logs, "control.log"), append: true, mode: 0o600, sync: true });
  const terminal = new Writable({
    write(chunk: Buffer, _encoding, done) {
      process.stderr.write(lineOf(chunk.toString()), () => done());
    },
  });
  const streams = multistream([
    { level: "trace", stream: file },
    { level: "warn", stream: terminal },
  ]);
  return pino({ level, base: undefined }, streams);
}

const LEVEL_ERROR = 50;

function lineOf(text: string): string {
  const { level, msg, process: from, err, fault, code } = JSON.parse(text) as Record<string, unknown>;
  const word =
    Number(level) >= LEVEL_ERROR ? paint("red", "error", process.stderr) : paint("yellow", "warn ", process.stderr);
  const why = typeof err === "object" && err !== null && "message" in err ? err.message : (fault ?? code);
  return `${word} ${String(from ?? "control")}: ${String(msg)}${why === undefined ? "" : ` (${String(why)})`}\n`;
}
