import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Placement } from "@endcap/protocol";
import { expect, test } from "vitest";
import { showToCli } from "./support/cli-on.ts";
import { startControl } from "./support/control.ts";
import { endcap, endcapJson } from "./support/endcap.ts";
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

  await endcapJson(root, ["placement", "put", "plain", "--tenant", "oak", "--strategy", "for_you"]);
  await endcapJson(root, ["placement", "delete", "plain", "--tenant", "oak"]);
  expect((await endcap(root, ["placement", "delete", "plain", "--tenant", "oak"])).stderr).toContain(
    "placement_not_found",
  );
});
