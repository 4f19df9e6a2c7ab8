import path from "node:path";
import { fileURLToPath } from "node:url";

/** The clone's root directory. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", "..");

/** One line for the person who waits. */
export function say(line) {
  process.stderr.write(`endcap: ${line}\n`);
}

/** A sentence that says what went wrong and what to do; details (a tool's own output) go before it. */
export function fail(sentence, details) {
  if (details) process.stderr.write(`${details.trim()}\n\n`);
  say(sentence);
  process.exit(1);
}
