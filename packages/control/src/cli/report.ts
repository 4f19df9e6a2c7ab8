import { type Command, InvalidArgumentError } from "commander";
import type { Estimate } from "../report/intervals.ts";
import type { Measures, Report } from "../report/report.ts";
import { connectAdmin, tenantPath } from "./admin-client.ts";
import type { GlobalOptions } from "./global-options.ts";
import { paint, show, table, time } from "./output.ts";

interface ReportOptions extends GlobalOptions {
  readonly tenant: string;
  readonly days: number;
  readonly currency?: string;
}

export function addReport(program: Command): void {
  program
    .command("report")
    .description("what recommendations led to, and what they bring, with 95% confidence intervals")
    .requiredOption("--tenant <tenant>", "slug or id")
    .option("--days <n>", "how far back", days, 7)
    .option("--currency <code>", "count purchases in this currency (the catalogue's)")
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<ReportOptions>();
      const query = new URLSearchParams({ days: String(options.days) });
      if (options.currency !== undefined) query.set("currency", options.currency);
      const report = await connectAdmin(options).get<Report>(`${tenantPath(options.tenant)}/report?${query}`);
      show(options, report, describe);
    });
}

function days(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 366) throw new InvalidArgumentError("1 to 366");
  return value;
}

function describe(report: Report): string {
  const head = `${paint("bold", "Recommendations")}  ${paint("dim", `${time(report.from)} to ${time(report.to)}`)}`;
  if (report.total.served === 0) return `${head}\nNo list was served in that time.\n\n${report.holdout.sentence}`;
  const rows = report.rows.map(({ placement, model, variant, answeredBy, ...measures }) => [
    placement ?? "-",
    answeredBy === "fallback" ? "fallback" : (model ?? "-"),
    variant ?? "-",
    ...cells(measures),
  ]);
  const perList = `PER LIST ${report.currency ?? ""}`.trim();
  const columns = ["PLACEMENT", "MODEL", "VARIANT", "SERVED", "SEEN", "CTR", "TO CART", perList, "REVENUE"];
  const notes = [
    report.foreignPurchases > 0 && `${report.foreignPurchases} purchases in another currency are left out.`,
    report.truncatedShoppers > 0 && `Of ${report.truncatedShoppers} shoppers only the newest events were looked at.`,
  ].filter((note) => note !== false);
  return [
    head,
    table(columns, [...rows, ["all", "", "", ...cells(report.total)]]),
    "",
    report.holdout.sentence,
    ...notes,
  ].join("\n");
}

function cells({ served, seen, ctr, addToCartRate, revenuePerRecommendation, revenue }: Measures): string[] {
  const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
  const money = (value: number) => value.toFixed(2);
  return [
    String(served),
    String(seen),
    withInterval(ctr, percent),
    withInterval(addToCartRate, percent),
    withInterval(revenuePerRecommendation, money),
    money(revenue),
  ];
}

function withInterval(estimate: Estimate | null, text: (value: number) => string): string {
  return estimate === null ? "-" : `${text(estimate.value)} (${text(estimate.low)}…${text(estimate.high)})`;
}
