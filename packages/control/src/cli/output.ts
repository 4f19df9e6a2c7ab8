import { styleText } from "node:util";
import Table from "cli-table3";
import type { GlobalOptions } from "./global-options.ts";

type Format = Parameters<typeof styleText>[0];

/** Colour for people on a terminal; plain text in a pipe. */
export function paint(format: Format, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(format, text, { stream });
}

/** The result of a command: the value itself for scripts, else what `human` makes of it. */
export function show<T>(options: GlobalOptions, value: T, human: (value: T) => string): void {
  process.stdout.write(`${options.json === true ? JSON.stringify(value) : human(value)}\n`);
}

/** A table without vertical rules: easy on the eye, and `awk` can still take it apart. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const made = new Table({
    head: head.map((cell) => paint("bold", cell)),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2, compact: true },
    chars: {
      top: "",
      "top-mid": "",
      "top-left": "",
      "top-right": "",
      bottom: "",
      "bottom-mid": "",
      "bottom-left": "",
      "bottom-right": "",
      left: "",
      "left-mid": "",
      mid: "",
      "mid-mid": "",
      right: "",
      "right-mid": "",
      middle: "",
    },
  });
  for (const row of rows) made.push([...row]);
  return made.toString();
}

/** Facts as aligned `name  value` lines; undefined values are left out. */
export function facts(entries: readonly (readonly [name: string, value: string | undefined])[]): string {
  const told = entries.filter(([, value]) => value !== undefined);
  const width = Math.max(...told.map(([name]) => name.length));
  return told.map(([name, value]) => `${paint("dim", name.padEnd(width))}  ${value}`).join("\n");
}

/** `2026-11-22T18:42:07.123Z` as `2026-11-22 18:42:07`. */
export function time(iso: string | undefined): string {
  return iso === undefined ? "-" : iso.slice(0, 19).replace("T", " ");
}
