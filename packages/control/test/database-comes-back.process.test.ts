import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { startControl } from "./support/control.ts";
import { tempDir } from "./support/temp.ts";

interface Status {
  readonly processes: readonly { kind: string; pid: number }[];
}

test("a database that dies is started again, with all that was acknowledged; meanwhile the answer is 503", async () => {
  const control = await startControl(tempDir());
  const { call } = control;
  await call("POST", "/v1/tenants", { slug: "oak", tier: "standard" });
  const { body } = await call<Status>("GET", "/v1/status");
  const pid = body.processes.find(({ kind }) => kind === "postgres")?.pid ?? 0;
  process.kill(pid, "SIGKILL");
  const seen = new Set<number>();
  for (;;) {
    const { status } = await call("GET", "/v1/tenants/oak");
    seen.add(status);
    if (status === 200 && seen.has(503)) break;
    await delay(5);
  }
  expect([...seen].every((status) => status === 200 || status === 503)).toBe(true);
  expect((await call("POST", "/v1/tenants", { slug: "elm", tier: "standard" })).status).toBe(201);
});
