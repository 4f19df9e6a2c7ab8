import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ReadyMessage } from "@endcap/service-kit";
import { expect, onTestFinished, test } from "vitest";
import { startControl } from "./support/control.ts";
import { tempDir } from "./support/temp.ts";

const SOURCES = join(import.meta.dirname, "../src");

/** No file may grow past this many MB: the kernel refuses the next byte as a full disk does, for whoever runs the test. */
const limited = (megabytes: number, args: readonly string[]): [string, string[]] => [
  "/bin/sh",
  ["-c", `ulimit -f ${megabytes * 2048}; exec "$@"`, "sh", process.execPath, ...args],
];

test("no room for the database at the first start: says so, leaves nothing half made, and works when there is room", async () => {
  const root = tempDir();
  const up = [join(SOURCES, "cli.ts"), "--data", root, "up", "--free-ports", "--json"];
  const { status, stdout } = spawnSync(...limited(4, up), { encoding: "utf8" });
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "storage_full" } });
  expect(readdirSync(join(root, "control")).filter((name) => name.startsWith("postgres"))).toEqual([]);
  const control = await startControl(root);
  expect((await control.call("GET", "/v1/tenants")).status).toBe(200);
});

test("the disk fills while control runs: writes are refused as storage_full, reads go on, nothing acknowledged is lost", async () => {
  const root = tempDir();
  const child = spawn(...limited(20, [join(SOURCES, "server.ts")]), {
    env: {
      ...process.env,
      ENDCAP_CONTROL_DATA_DIR: root,
      ENDCAP_CONTROL_PORT: "0",
      ENDCAP_CONTROL_PROVISIONER: "none",
      ENDCAP_CONTROL_LOG_LEVEL: "silent",
    },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const exit = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  const [ready] = (await once(child, "message")) as [ReadyMessage];
  if (!ready.ready) throw new Error(ready.message);
  const authorization = `Bearer ${readFileSync(join(root, "control/admin.token"), "utf8").trim()}`;
  const call = (method: string, path: string, body: unknown) =>
    fetch(new URL(path, ready.url), {
      method,
      headers: { authorization, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  expect((await call("POST", "/v1/tenants", { slug: "oak", tier: "standard" })).status).toBe(201);
  let stored = 0;
  for (;;) {
    // Random, so that the database cannot make it small.
    const filter = { brand: randomBytes(500_000).toString("base64") };
    const placement = { strategy: "trending", repeats: "allow", filter };
    const answer = await call("PUT", `/v1/tenants/oak/placements/p${stored}`, placement);
    if (answer.status !== 200) {
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ code: "storage_full" });
      break;
    }
    stored += 1;
  }
  expect(stored).toBeGreaterThan(0);
  const { placements } = (await (await call("GET", "/v1/tenants/oak/placements", undefined)).json()) as {
    placements: { id: string }[];
  };
  expect(placements.filter(({ id }) => id.startsWith("p")).length).toBe(stored + 1); // and `product`
  child.kill("SIGTERM");
  await exit;

  const control = await startControl(root);
  const after = { strategy: "trending", repeats: "allow" };
  expect((await control.call("PUT", "/v1/tenants/oak/placements/after", after)).status).toBe(200);
});
