import { expect, test } from "vitest";
import type { Report } from "../src/report/report.ts";
import type { TenantView } from "../src/tenants/model.ts";
import { showToCli } from "./support/cli-on.ts";
import { startControl } from "./support/control.ts";
import { endcap, endcapJson } from "./support/endcap.ts";
import { happened, ServedShop } from "./support/served-shop.ts";
import { tempDir } from "./support/temp.ts";

test("endcap report reads a tenant's own table and prints it for people and for scripts", async () => {
  const root = tempDir();
  const control = await startControl(root);
  showToCli(root, control);
  const { body: oak } = await control.call<TenantView>("POST", "/v1/tenants", { slug: "oak", tier: "standard" });
  const shop = await ServedShop.open(root, oak.id);
  const at = Date.now() - 3_600_000;
  const anna = { userId: "anna" };
  const recommendationId = await shop.serve(anna, at, ["a"], { variant: "new" });
  const click = happened("recommendation_click", at + 1, { recommendationId, items: [{ id: "a" }] });
  await shop.record(anna, click, happened("purchase", at + 2, { items: [{ id: "a", price: 12.5, quantity: 2 }] }));

  const report = await endcapJson<Report>(root, ["report", "--tenant", "oak", "--days", "1"]);
  expect(report.rows).toMatchObject([{ placement: "home", model: "m-1", variant: "new", clicked: 1, revenue: 25 }]);
  expect(report.holdout.conclusion).toBe("no_holdout");
  const { stdout } = await endcap(root, ["report", "--tenant", "oak"]);
  expect(stdout).toMatch(/home +m-1 +new +1 +1 +100\.0% \(20\.7%…100\.0%\) +0\.0%/);
  expect(stdout).toContain("Nobody was held out");
  expect(await control.call("GET", "/v1/tenants/oak/report?days=0")).toMatchObject({ status: 400 });
  expect(await control.call("GET", "/v1/tenants/elm/report")).toMatchObject({ status: 404 });
});
