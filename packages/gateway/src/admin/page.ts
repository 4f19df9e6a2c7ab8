import type { Overview } from "./overview.ts";

/** A column: its head, and what a row shows under it, as HTML. */
type Column<Row> = readonly [head: string, cell: (row: Row) => string];

const style = `
  :root { color-scheme: light dark; --line: #8883; --soft: #777; --bad: #c22; --good: #2a7d46; }
  @media (prefers-color-scheme: dark) { :root { --soft: #999; --bad: #f66; --good: #5c8; } }
  body { font: 14px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 76rem; padding: 0 1rem; }
  h1 { font-size: 1.4rem; margin: 0 0 .6rem; }
  h2 { font-size: 1.05rem; margin: 2rem 0 .4rem; }
  h2 small, .soft { color: var(--soft); font-weight: normal; }
  dl { display: flex; flex-wrap: wrap; gap: .4rem 2rem; margin: 0; }
  dt { color: var(--soft); font-size: .85em; }
  dd { margin: 0; font-variant-numeric: tabular-nums; }
  table { border-collapse: collapse; width: 100%; }
  .narrow + table { width: auto; }
  th { color: var(--soft); font-weight: normal; font-size: .85em; }
  th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
  td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
  code { font: 12px/1.5 ui-monospace, monospace; }
  .bad { color: var(--bad); font-weight: 600; }
  .good { color: var(--good); }
  .fault { color: var(--bad); white-space: pre-wrap; border-left: 3px solid; padding-left: .8rem; margin: 1rem 0 0; }
  @media (max-width: 48rem) {
    tr:first-child { display: none; }
    tr { display: block; border-bottom: 1px solid var(--line); padding: .5rem 0; }
    td { display: grid; grid-template-columns: 7rem 1fr; border: 0; padding: .05rem 0; }
    td::before { content: attr(data-head); color: var(--soft); font-size: .85em; }
  }`;

/** The overview as a page that a browser understands without a script, renewed every five seconds. */
export function adminPage(now: Overview): string {
  const { snapshot, upstreams, tenants, config } = now;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Endcap gateway</title>
<style>${style}
</style>
<h1>Endcap gateway</h1>
<dl>
${facts(now)
  .map(([name, value]) => `  <div><dt>${name}</dt><dd>${value}</dd></div>`)
  .join("\n")}
</dl>
${snapshot.fault === null ? "" : `<p class="fault">${escaped(snapshot.fault)}</p>`}
<h2>Upstreams ${shown(upstreams.rows.length, upstreams.count)}</h2>
${table(upstreams.rows, upstreamColumns)}
<h2>Tenants in use ${shown(tenants.rows.length, tenants.inUse)} <small>of ${number(tenants.count)}</small></h2>
${table(tenants.rows, tenantColumns)}
<h2 class="narrow">Settings</h2>
${table(config, settingColumns)}
</html>
`;
}

function facts({ draining, shedLevel, gateways, snapshot }: Overview): (readonly [name: string, value: string])[] {
  const good = '<span class="good">serving</span>';
  return [
    ["State", draining ? '<span class="bad">draining</span>' : good],
    ["Shedding", shedLevel === 0 ? "nothing" : `<span class="bad">step ${number(shedLevel)} of 6</span>`],
    ["Limits", gateways === 1 ? "this gateway's alone" : `parted between ${number(gateways)} gateways`],
    ["Snapshot", snapshot.version === null ? '<span class="bad">none yet</span>' : escaped(snapshot.version)],
    ["From", `<code>${escaped(snapshot.from)}</code>`],
    ["Confirmed", ago(snapshot.ageMs)],
  ];
}

const upstreamColumns: readonly Column<Overview["upstreams"]["rows"][number]>[] = [
  ["Upstream", ({ id }) => `<code>${escaped(id)}</code>`],
  ["Kind", ({ kind }) => escaped(kind)],
  ["Address", ({ url }) => `<code>${escaped(url)}</code>`],
  ["Breaker", ({ breaker }) => (breaker === "open" ? '<span class="bad">open</span>' : "closed")],
  ["Connections", ({ connected }) => number(connected)],
  ["Running", ({ running }) => number(running)],
  ["Queued", ({ queued }) => number(queued)],
  ["Canary", ({ canary }) => (canary ? `${percent(canary.share)} to <code>${escaped(canary.upstream)}</code>` : none)],
];

const tenantColumns: readonly Column<Overview["tenants"]["rows"][number]>[] = [
  ["Tenant", ({ id, slug }) => `${escaped(slug)}<br><code class="soft">${escaped(id)}</code>`],
  ["Tier", ({ tier, state }) => tier + (state === "active" ? "" : ` <span class="bad">${state}</span>`)],
  ["In flight", ({ inFlight, limits }) => used(inFlight, limits.inFlightMax)],
  ["Requests left", ({ requestsLeft, limits }) => part(requestsLeft, limits.burst, requestsLeft < 1)],
  ["A second", ({ limits }) => number(limits.requestsPerSecond)],
  ["Month's events", ({ monthEvents, limits }) => used(monthEvents, limits.eventsPerMonth)],
  ["Routes", ({ routes }) => [routes.collector, routes.ml, routes.recommender].map(routeCell).join(" ")],
];

const settingColumns: readonly Column<Overview["config"][number]>[] = [
  ["Setting", ({ key }) => `<code>${escaped(key)}</code>`],
  ["Value", ({ value }) => (value === "-" ? none : `<code>${escaped(value)}</code>`)],
];

const none = '<span class="soft">–</span>';

function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  if (rows.length === 0) return '<p class="soft">None.</p>';
  const head = columns.map(([name]) => `<th>${name}</th>`).join("");
  const body = rows.map(
    (row) =>
      `<tr>${columns.map(([name, cell]) => `<td data-head="${name}"><span>${cell(row)}</span></td>`).join("")}</tr>`,
  );
  return `<table><tr>${head}</tr>\n${body.join("\n")}</table>`;
}

const shown = (rows: number, count: number): string =>
  rows === count ? number(count) : `${number(count)} <small>(${number(rows)} shown)</small>`;

const used = (value: number, max: number): string => part(value, max, value >= max);

const part = (value: number, of: number, isBad: boolean): string =>
  `<span${isBad ? ' class="bad"' : ""}>${number(value)}</span> <span class="soft">/ ${number(of)}</span>`;

const routeCell = (id: string | null): string => (id === null ? none : `<code>${escaped(id)}</code>`);

const percent = (share: number): string => `${Math.round(share * 1000) / 10}%`;

/** In groups of three digits, whatever the machine's language. */
const number = (value: number): string =>
  String(Math.round(value * 100) / 100).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ",");

function ago(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(value: unknown): string {
  return String(value).replace(/[&<>"]/g, (letter) => entities[letter] ?? letter);
}
