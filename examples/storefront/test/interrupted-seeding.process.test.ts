import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Endcap } from "@endcap/sdk-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Catalogue } from "../src/catalogue/catalogue.ts";
import { simulate } from "../src/simulate/simulate.ts";

const start = fileURLToPath(new URL("../src/start.ts", import.meta.url));
const shoppers = 1500;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "storefront-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function run() {
  const flags = ["shop", "gateway", "control", "collector", "ml"].flatMap((name) => [`--${name}-port`, "0"]);
  const child = spawn(
    process.execPath,
    [start, "--data", join(directory, "data"), "--shoppers", String(shoppers), ...flags],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** The first line that begins so; fails when the process ends without it. */
    async line(beginning: string): Promise<string> {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`ended without "${beginning}"`);
        if (value.trim().startsWith(beginning)) return value;
      }
    },
    /** Ctrl-C; resolves to exit code and seconds. */
    async stop(): Promise<{ code: number; seconds: number }> {
      const began = performance.now();
      const exited = once(child, "exit");
      child.kill("SIGINT");
      const [code] = await exited;
      return { code, seconds: (performance.now() - began) / 1000 };
    },
  };
}

test("Ctrl-C in the middle of seeding stops within five seconds, and the next start goes on to the same result", async () => {
  const first = run();
  await first.line("Catalogue: 630 of 630");
  const stopped = await first.stop();
  expect(stopped.code).toBe(0);
  expect(stopped.seconds).toBeLessThan(5);

  const { month, imported, tenant } = JSON.parse(await readFile(join(directory, "storefront/state.json"), "utf8"));
  expect(imported).toBeUndefined();
  const until = new Date(month.ends);
  const expected = [...simulate({ catalogue: Catalogue.seeded(), origin: "", until, shoppers })].length;

  const second = run();
  await second.line("Shoppers:");
  const gateway =
    /http:\S+/.exec(await second.line("http://127.0.0.1:").then(() => second.line("http://127.0.0.1:")))?.[0] ?? "";
  const endcap = new Endcap({ endpoint: gateway, key: tenant.secretKey, secret: tenant.secret });
  const state = await endcap.imports.open(`month-${until.getTime()}-1-${shoppers}`).state();
  expect(state).toMatchObject({ completed: true, events: expected, rejected: 0 });
  expect((await second.stop()).code).toBe(0);
  await expect(fetch(gateway)).rejects.toThrow();
});
