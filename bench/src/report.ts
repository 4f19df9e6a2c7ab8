import type { BenchResult, Figure } from "./bench.ts";

/** The one line of `--json`: `{"bench":…,"ok":…,"figures":{…}}`. */
export function jsonLine(bench: string, result: BenchResult): string {
  return `${JSON.stringify({ bench, ok: result.ok, figures: result.figures })}\n`;
}

/** The same for a person: one figure a line, nested ones as `outer.inner`. */
export function table(bench: string, result: BenchResult): string {
  const rows = Object.entries(result.figures).flatMap(([name, figure]) => flatten(name, figure));
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  return [`${bench}: ${result.ok ? "ok" : "NOT OK"}`, ...lines, ""].join("\n");
}

function flatten(name: string, figure: Figure): [string, string][] {
  if (typeof figure === "number") return [[name, figure.toLocaleString("en-US", { maximumSignificantDigits: 6 })]];
  if (figure === null || typeof figure !== "object") return [[name, String(figure)]];
  return Object.entries(figure).flatMap(([key, value]) => flatten(`${name}.${key}`, value));
}
