import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { monthOf, type UsageAnswer, UsageReport } from "@endcap/protocol";
import { Value } from "typebox/value";

/** Control's end of the usage reports, with faults to order. */
export interface UsageDesk {
  readonly reports: UsageReport[];
  /** `down`: refuses; `deaf`: takes the records and hangs up before its answer. */
  mode: "up" | "down" | "deaf";
  gateways: number;
  /** Accepted live events of a tenant, each record counted once. */
  events(tenant: string, month?: string): number;
  requests(tenant: string): number;
  /** What other gateways counted. */
  addElsewhere(tenant: string, events: number): void;
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export function createUsageDesk(): UsageDesk {
  const through = new Map<string, number>();
  const months = new Map<string, Map<string, number>>();
  const requests = new Map<string, number>();

  function add(month: string, tenant: string, events: number): void {
    const totals = months.get(month) ?? new Map<string, number>();
    months.set(month, totals.set(tenant, (totals.get(tenant) ?? 0) + events));
  }

  function take({ source, records }: UsageReport): void {
    for (const { sequence, tenant, at, env, events, requests: count } of records) {
      if (sequence <= (through.get(source) ?? 0)) continue;
      through.set(source, sequence);
      if (env === "live") add(monthOf(at), tenant, events);
      requests.set(tenant, (requests.get(tenant) ?? 0) + count);
    }
  }

  const desk: UsageDesk = {
    reports: [],
    mode: "up",
    gateways: 1,
    events: (tenant, month = monthOf(Date.now())) => months.get(month)?.get(tenant) ?? 0,
    requests: (tenant) => requests.get(tenant) ?? 0,
    addElsewhere: (tenant, events) => add(monthOf(Date.now()), tenant, events),
    async answer(request, response) {
      const report = Value.Parse(UsageReport, await json(request));
      if (desk.mode === "down") {
        response.writeHead(503).end("{}");
        return;
      }
      take(report);
      desk.reports.push(report);
      if (desk.mode === "deaf") {
        response.destroy();
        return;
      }
      const totals = [...(months.get(report.month) ?? [])].map(([tenant, events]) => ({ tenant, events }));
      const known = through.get(report.source) ?? 0;
      const answer: UsageAnswer = { through: known, totals, cursor: 1, more: false, gateways: desk.gateways };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    },
  };
  return desk;
}
