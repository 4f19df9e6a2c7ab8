import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { newHouse, tenantA } from "./support/collector.ts";
import { spawnCollector } from "./support/process.ts";
import { anonymousId, batch, browser, view } from "./support/samples.ts";

const server = join(import.meta.dirname, "../src/server.ts");

test("it starts alone from its own configuration, and SIGTERM ends it with 0 when what it took is answered", async () => {
  const house = newHouse();
  const collector = await spawnCollector(house);
  const shopper = { anonymousId: anonymousId() };
  const sent = collector.send({ p: browser(shopper), payload: batch([view("a")]) });
  await collector.call("GET", "/healthz", { token: null });
  collector.child.kill("SIGTERM");
  expect(await sent).toMatchObject([{ s: 202, b: { accepted: 1 } }]);
  expect(await collector.ended).toBe(0);
  await house.read({ tenant: tenantA, env: "live" }, async ({ events }) =>
    expect(await events.latest(shopper, 1)).toHaveLength(1),
  );
});

test("a wrong configuration is refused with every fault at once", () => {
  const dir = mkdtempSync(join(tmpdir(), "endcap-collector-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const config = join(dir, "collector.json");
  writeFileSync(config, JSON.stringify({ port: "many", colour: "green", tenant: "acme" }));
  const { status, stderr } = spawnSync(process.execPath, [server, "--config", config], { encoding: "utf8" });
  expect(status).toBe(1);
  for (const key of ["port", "colour", "tenant", "jwksFile", "tables"]) expect(stderr).toContain(key);
});

test("a data directory of a newer version is refused by its code", () => {
  const house = newHouse();
  writeFileSync(join(house.dir, "VERSION"), "999\n");
  const config = join(house.dir, "collector.json");
  writeFileSync(config, JSON.stringify({ port: 0, adminPort: 0, jwksFile: house.jwksFile, tables: house.tables }));
  const { status, stderr } = spawnSync(process.execPath, [server, "--config", config], { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toMatch(/VERSION says 999/);
});
