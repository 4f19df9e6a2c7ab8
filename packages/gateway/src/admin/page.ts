import type { Overview } from "./overview.ts";

type Row = Readonly<Record<string, unknown>>;

/** The overview as a page that a browser understands without a script, renewed every five seconds. */
export function adminPage({ snapshot, upstreams, tenants, config }: Overview): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5">
<title>Endcap gateway</title>
<style>
  body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; color-scheme: light dark; }
  table { border-collapse: collapse; margin-bottom: 2rem; }
  th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
  td { font-family: ui-monospace, monospace; font-size: 13px; }
  .open, .fault { color: #c22; font-weight: bold; white-space: pre-line; }
</style>
<h1>Endcap gateway</h1>
<p>Snapshot ${escaped(snapshot.version ?? "none yet")} from ${escaped(snapshot.from)}, ${escaped(Math.round(snapshot.ageMs / 1000))} s old.</p>
${snapshot.fault === null ? "" : `<p class="fault">${escaped(snapshot.fault)}</p>`}
<h2>Upstreams (${escaped(upstreams.count)})</h2>
${table(upstreams.rows)}
<h2>Tenants (${escaped(tenants.count)}, ${escaped(tenants.inUse)} in use)</h2>
${table(tenants.rows)}
<h2>Configuration</h2>
${table(config)}
</html>
`;
}

function table(rows: readonly Row[]): string {
  const [first] = rows;
  if (first === undefined) return "<p>None.</p>";
  const names = Object.keys(first);
  const head = names.map((name) => `<th>${escaped(name)}</th>`).join("");
  const body = rows.map((row) => `<tr>${names.map((name) => cell(row[name])).join("")}</tr>`);
  return `<table><tr>${head}</tr>\n${body.join("\n")}</table>`;
}

function cell(value: unknown): string {
  const text = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
  return `<td${value === "open" ? ' class="open"' : ""}>${escaped(text)}</td>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(value: unknown): string {
  return String(value).replace(/[&<>"]/g, (letter) => entities[letter] ?? letter);
}
