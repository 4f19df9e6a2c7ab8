import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Placement, RecommendationAnswer } from "@endcap/protocol";
import { expect, test } from "vitest";
import { showToCli } from "./support/cli-on.ts";
import { startControl } from "./support/control.ts";
import { endcap, endcapJson, startUp } from "./support/endcap.ts";
import { tempDir } from "./support/temp.ts";

test("placements with rules and experiments go in by file, are judged, listed and deleted", async () => {
  const root = tempDir();
  const control = await startControl(root);
  showToCli(root, control);
  await control.call("POST", "/v1/tenants", { slug: "oak", tier: "standard", settings: { holdoutShare: 0.05 } });

  const landing: Placement = {
    id: "landing",
    strategy: "trending",
    repeats: "allow",
    rules: [{ id: "own-brand", boost: { filter: { brand: "Oak" }, factor: 2 } }],
    experiment: {
      id: "first",
      variants: [
        { name: "plain", share: 0.5 },
        { name: "mine", share: 0.5, strategy: "for_you" },
      ],
    },
  };
  const file = join(root, "landing.json");
  writeFileSync(file, JSON.stringify(landing));
  expect(await endcapJson(root, ["placement", "put", "landing", "--tenant", "oak", "--file", file])).toEqual(landing);
  const { placements } = await endcapJson<{ placements: Placement[] }>(root, ["placement", "list", "--tenant", "oak"]);
  expect(placements).toContainEqual(landing);
  expect((await endcap(root, ["placement", "list", "--tenant", "oak"])).stdout).toContain("first: plain 0.5, mine 0.5");

  // What cannot work is refused here, not at the shoppers' request.
  const wrong = { ...landing, rules: [{ id: "own-brand", boost: { filter: { colour: "red" }, factor: 2 } }] };
  writeFileSync(file, JSON.stringify(wrong));
  const refused = await endcap(root, ["placement", "put", "landing", "--tenant", "oak", "--file", file, "--json"]);
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({
    error: { code: "filter_unknown_field", message: expect.stringContaining("/rules/0/boost/filter/colour") },
  });
  const path = "/v1/tenants/oak/placements/landing";
  const { id: _id, ...body } = landing;
  const lopsided = { id: "first", variants: [{ name: "plain", share: 0.5 }] };
  expect(await control.call("PUT", path, { ...body, experiment: lopsided })).toMatchObject({
    status: 400,
    body: { code: "invalid_request", errors: [{ pointer: "/experiment/variants" }] },
  });
  expect(await control.call("PATCH", "/v1/tenants/oak", { settings: { holdoutShare: 0.6 } })).toMatchObject({
    status: 400,
  });
  expect(await control.call("GET", "/v1/tenants/oak")).toMatchObject({ body: { settings: { holdoutShare: 0.05 } } });
  expect((await endcap(root, ["tenant", "set", "oak", "--holdout", "0.1"])).stdout).toMatch(/held out +10\.0%/);
  expect(await control.call("GET", "/v1/tenants/oak")).toMatchObject({
    body: { tier: "standard", settings: { holdoutShare: 0.1, enabled: true } },
  });
  const switched = ["--observe-catalogue", "on", "--pages", "off", "--consent", "required"];
  const { stdout } = await endcap(root, ["tenant", "set", "oak", ...switched]);
  expect(stdout).toMatch(/catalogue +from the shop and its product pages/);
  expect(stdout).toMatch(/pages +off/);
  expect(await control.call("GET", "/v1/tenants/oak")).toMatchObject({
    body: { settings: { holdoutShare: 0.1, observeCatalogue: true, enabled: false, consent: "required" } },
  });
  for (const bad of [["--observe-catalogue", "maybe"], ["--holdout", "0.6"], ["--holdout", "much"], []]) {
    expect((await endcap(root, ["tenant", "set", "oak", ...bad])).code).not.toBe(0);
  }

  await endcapJson(root, ["placement", "put", "plain", "--tenant", "oak", "--strategy", "for_you"]);
  await endcapJson(root, ["placement", "delete", "plain", "--tenant", "oak"]);
  expect((await endcap(root, ["placement", "delete", "plain", "--tenant", "oak"])).stderr).toContain(
    "placement_not_found",
  );
});

test("a preview says what each rule did to a list, and which ones do not hold now", async () => {
  const root = tempDir();
  await startUp(root);
  await endcapJson(root, ["tenant", "create", "oak"]);
  const items = ["mug", "cup", "pot"].map((id) => ({
    ...{ id, title: id, url: `/p/${id}`, price: "5.00", currency: "EUR", availability: "in_stock" },
    ...{ categories: [["Kitchen"]], brand: id === "pot" ? "Elm" : "Oak", updatedAt: new Date().toISOString() },
  }));
  const catalogue = join(root, "items.ndjson");
  writeFileSync(catalogue, items.map((item) => JSON.stringify({ item })).join("\n"));
  await endcapJson(root, ["import", catalogue, "--tenant", "oak", "--format", "ndjson"]);
  const rules = [
    { id: "first", pin: { items: ["cup"], position: 1 } },
    { id: "no-elm", exclude: { filter: { brand: "Elm" } } },
    { id: "last-sale", until: "2020-01-01T00:00:00Z", pin: { items: ["pot"], position: 1 } },
  ];
  const file = join(root, "home.json");
  writeFileSync(file, JSON.stringify({ strategy: "trending", repeats: "allow", rules }));
  await endcapJson(root, ["placement", "put", "home", "--tenant", "oak", "--file", file]);
  const preview = () => endcapJson<RecommendationAnswer>(root, ["placement", "preview", "home", "--tenant", "oak"]);
  let answer = await preview();
  while (answer.items.length < 2 || answer.rules?.length !== 3) answer = await preview(); // the snapshot, the catalogue
  expect(answer.items.map(({ id }) => id)).toEqual(["cup", "mug"]);
  expect(answer.rules).toEqual([
    { rule: "first", did: "pinned", items: ["cup"] },
    { rule: "no-elm", did: "excluded", items: ["pot"] },
    { rule: "last-sale", did: "inactive", items: [] },
  ]);
  // What was over then was on, and what is on was on already.
  const then = ["placement", "preview", "home", "--tenant", "oak", "--at", "2019-12-24T18:00:00+01:00"];
  const christmas = await endcapJson<RecommendationAnswer>(root, then);
  expect(christmas.rules?.map(({ rule, did }) => [rule, did])).toEqual([
    ["first", "pinned"],
    ["no-elm", "excluded"],
    ["last-sale", "nothing"],
  ]);
  expect((await endcap(root, [...then.slice(0, -1), "soon"])).stderr).toContain("a time such as");
  const { stdout } = await endcap(root, ["placement", "preview", "home", "--tenant", "oak"]);
  expect(stdout).toMatch(/no-elm +excluded +pot/);
});
