import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import Fastify from "fastify";
import { describe, expect, test } from "vitest";
import { readConfig, UsageError, usage } from "../src/config.ts";
import { counted, startProgress } from "../src/seed/progress.ts";
import { listen, PortInUse } from "../src/server/listen.ts";
import { StateFile } from "../src/state.ts";

describe("configuration", () => {
  test("flags win over the environment, the environment over the defaults", () => {
    const config = readConfig(["--shop-port", "1"], { ENDCAP_SHOP_PORT: "2", ENDCAP_GATEWAY_PORT: "3" });
    expect(config).toMatchObject({ shopPort: 1, gatewayPort: 3, controlPort: 7400, shoppers: 3000 });
  });

  test("the shop's own directory is beside Endcap's", () => {
    expect(readConfig(["--data", "/srv/shop/data"], {})).toMatchObject({
      endcapData: "/srv/shop/data",
      shopData: "/srv/shop/storefront",
    });
  });

  test("every fault is told at once", () => {
    const read = () => readConfig(["--shop-port", "x", "--shoppers", "0"], { ENDCAP_ML_PORT: "70000" });
    expect(read).toThrow(UsageError);
    expect(read).toThrow(/shop-port.*ml-port.*shoppers/);
    expect(() => readConfig(["--shop-prot", "1"], {})).toThrow(UsageError);
  });

  test("help names every flag with its variable", () => {
    expect(readConfig(["--help"], {})).toBe("help");
    expect(usage()).toContain("--shop-port");
    expect(usage()).toContain("ENDCAP_SHOP_PORT");
  });
});

test("state is kept for the owner alone, and found again", async () => {
  const directory = await mkdtemp(join(tmpdir(), "storefront-"));
  const first = await StateFile.open(directory);
  await first.update({ imported: true });
  const second = await StateFile.open(directory);
  expect(second.state).toEqual({ cookieSecret: first.state.cookieSecret, imported: true });
  expect((await stat(join(directory, "state.json"))).mode & 0o777).toBe(0o600);
  await rm(directory, { recursive: true });
});

test("a port in use gets one clear sentence", async () => {
  const [one, two] = [Fastify(), Fastify()];
  const port = Number(new URL(await listen(one, "127.0.0.1", 0)).port);
  const again = listen(two, "127.0.0.1", port);
  await expect(again).rejects.toThrow(PortInUse);
  await expect(again).rejects.toThrow(
    `Port ${port} is in use: stop what listens there, or choose another with --shop-port (ENDCAP_SHOP_PORT).`,
  );
  await Promise.all([one.close(), two.close()]);
});

describe("progress", () => {
  test("tells how far, how fast and how long", () => {
    expect(counted(20_000, 60_000, "events", 1000)).toBe("20,000 of 60,000 events, 20,000/s, 2 s left");
    expect(counted(0, 60_000, "events", 0)).toBe("0 of 60,000 events");
    expect(counted(60_000, 60_000, "events", 3000)).toBe("60,000 of 60,000 events, 20,000/s");
  });

  test("in a pipe is a line a second at most, and the last word", () => {
    let clock = 0;
    const out = new PassThrough();
    const progress = startProgress("Shoppers", "events", 100, out, () => clock);
    for (const done of [10, 20, 30, 40]) {
      clock += 400;
      progress.update(done);
    }
    clock += 400;
    progress.update(100);
    progress.finish();
    expect(String(out.read())).toBe(
      "  Shoppers: 30 of 100 events, 25/s, 3 s left\n  Shoppers: 100 of 100 events, 50/s\n",
    );
  });
});
