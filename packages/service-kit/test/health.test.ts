import { expect, it } from "vitest";
import { testService } from "./support/service.ts";

it("is ready while every check passes, on both ports", async () => {
  const { service, records } = testService();
  let broken = false;
  service.check("tables", () => {
    if (broken) throw new Error("disk 7 of host x is gone");
  });
  const { url, adminUrl } = await service.listen();
  for (const base of [url, adminUrl]) {
    const answer = await fetch(`${base}/readyz`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: "ready", checks: { tables: "ok" } });
  }
  broken = true;
  const answer = await fetch(`${url}/readyz`);
  expect(answer.status).toBe(503);
  expect(await answer.text()).not.toContain("disk 7");
  expect(records.some(({ msg }) => msg === "readiness check failed")).toBe(true);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

it("looks at each store once for all probes that wait", async () => {
  const { service } = testService();
  const { promise: allThere, resolve: open } = Promise.withResolvers<void>();
  let [probes, runs] = [0, 0];
  service.app.addHook("preHandler", async () => {
    probes += 1;
    if (probes === 5) open();
  });
  service.check("tables", async () => {
    runs += 1;
    await allThere;
  });
  const answers = await Promise.all(Array.from({ length: 5 }, () => service.app.inject("/readyz")));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200]);
  expect(runs).toBe(1);
});

it("answers its status on the admin port only", async () => {
  const { service } = testService({ version: "1.2.3" });
  service.status(() => ({ modelVersion: "m1" }));
  expect((await service.admin.inject("/internal/v1/status")).json()).toMatchObject({
    service: "demo",
    version: "1.2.3",
    modelVersion: "m1",
    draining: false,
  });
  expect((await service.app.inject("/internal/v1/status")).statusCode).toBe(404);
});
