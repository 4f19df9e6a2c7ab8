import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startControl } from "./support/control.ts";
import { tempDir } from "./support/temp.ts";

const CLI = join(import.meta.dirname, "../src/cli.ts");

test("no room for the database at the first start: says so, leaves nothing half made, and works when there is room", async () => {
  const root = tempDir();
  // No file may grow past 4 MB (8192 blocks of 512 bytes): the kernel refuses as a full disk does.
  const { status, stdout } = spawnSync(
    "/bin/sh",
    ["-c", 'ulimit -f 8192; exec "$@"', "sh", process.execPath, CLI, "--data", root, "up", "--free-ports", "--json"],
    { encoding: "utf8" },
  );
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "storage_full" } });
  expect(readdirSync(join(root, "control")).filter((name) => name.startsWith("postgres"))).toEqual([]);
  const control = await startControl(root);
  expect((await control.call("GET", "/v1/tenants")).status).toBe(200);
});

/** A file system of its own needs root; without it the limit above is what can be tried. */
test.runIf(process.getuid?.() === 0 && process.platform === "linux")(
  "the disk fills while control runs: writes are refused as storage_full, reads go on, and room heals it",
  async () => {
    const disk = tempDir();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=110m,mode=0755", "tmpfs", disk]);
    onTestFinished(() => void execFileSync("umount", ["-l", disk]));
    const root = join(disk, "data");
    mkdirSync(root);
    const control = await startControl(root);
    const { call } = control;
    expect((await call("POST", "/v1/tenants", { slug: "oak", tier: "standard" })).status).toBe(201);

    const ballast = join(disk, "ballast");
    try {
      for (;;) writeFileSync(ballast, randomBytes(65_536), { flag: "a" });
    } catch {
      // full
    }
    const placement = () => ({
      strategy: "trending",
      repeats: "allow",
      filter: { note: randomBytes(300_000).toString("hex") },
    });
    let refused: { status: number; body: Record<string, unknown> } | undefined;
    for (let n = 0; n < 100 && refused === undefined; n += 1) {
      const answer = await call("PUT", `/v1/tenants/oak/placements/p${n}`, placement());
      if (answer.status !== 200) refused = answer;
    }
    expect(refused).toMatchObject({ status: 503, body: { code: "storage_full" } });
    expect((await call("GET", "/v1/tenants/oak")).status).toBe(200);

    rmSync(ballast);
    expect((await call("PUT", "/v1/tenants/oak/placements/after", placement())).status).toBe(200);
  },
);
