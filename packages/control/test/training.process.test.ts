import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Event, uuidV7, uuidV8 } from "@endcap/protocol";
import { openModels, openTables } from "@endcap/storage";
import { expect, test } from "vitest";
import type { TenantView } from "../src/tenants/model.ts";
import type { Job } from "../src/training/model.ts";
import { startControl, type TestControl } from "./support/control.ts";
import { tempDir } from "./support/temp.ts";

/** Puts visits into the tenant's table as the collector would. */
async function addVisits(dataDir: string, tenant: string, visits: number): Promise<void> {
  await using tables = openTables(`lmdb:${join(dataDir, "tenants")}`);
  await using table = await tables.open({ tenant, env: "live" });
  const at = Date.now();
  const batches = Array.from({ length: visits }, (_, visit) => {
    const events = Array.from(
      { length: 4 },
      (_, step): Event => ({
        id: uuidV8(tenant, "visits", `${at}/${visit}/${step}`),
        type: "view_item",
        at: new Date(at - (visits - visit) * 60_000 + step * 5_000).toISOString(),
        items: [{ id: `i${(visit + step) % 15}` }],
      }),
    );
    return {
      batchId: uuidV7(at, (bytes) => crypto.getRandomValues(bytes)),
      digest: createHash("sha256").update(JSON.stringify(events)).digest(),
      receivedAt: at,
      parts: [{ shopper: { kind: "user" as const, id: `u${visit}` }, events }],
    };
  });
  await table.events.append(batches);
}

async function finished({ call }: TestControl, tenant: string, count: number): Promise<Job[]> {
  for (;;) {
    const { body } = await call<{ jobs: Job[] }>("GET", `/v1/tenants/${tenant}/jobs`);
    const done = body.jobs.filter(({ state }) => state === "succeeded" || state === "failed");
    if (done.length >= count) return done;
    await delay(20);
  }
}

test("on demand: one job a tenant at a time, too little data is said so, and the model is put to work", async () => {
  const root = tempDir();
  const control = await startControl(root);
  const { call } = control;
  const { body: oak } = await call<TenantView>("POST", "/v1/tenants", { slug: "oak", tier: "standard" });
  const { body: elm } = await call<TenantView>("POST", "/v1/tenants", { slug: "elm", tier: "standard" });
  await addVisits(root, oak.id, 60);

  const asked = await Promise.all(
    ["oak", "oak", "elm", "oak"].map((slug) => call<Job>("POST", `/v1/tenants/${slug}/train`)),
  );
  expect(asked.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  expect(new Set(asked.map(({ body }) => body.id)).size).toBe(2);

  const [trained] = await finished(control, "oak", 1);
  expect(trained).toMatchObject({ state: "succeeded", reason: "manual", result: { events: 240, items: 15 } });
  const champion = await openModels(`file:${join(root, "tenants")}`)
    .open(oak.id)
    .pointer("champion");
  expect(champion?.value).toBe(trained?.result?.version);
  const [refused] = await finished(control, "elm", 1);
  expect(refused).toMatchObject({ state: "failed", error: { code: "training_data_missing" } });
  expect(
    await openModels(`file:${join(root, "tenants")}`)
      .open(elm.id)
      .pointer("champion"),
  ).toBeUndefined();
  expect((await call<Job>("GET", `/v1/jobs/${trained?.id}`)).body).toEqual(trained);
});

test("on a schedule: trains when enough is new, and not again before more is", async () => {
  const root = tempDir();
  const control = await startControl(root, Date.now, {
    ENDCAP_CONTROL_TRAIN_EVERY_MS: "100",
    ENDCAP_CONTROL_TRAIN_NEW_ROWS_MIN: "50",
  });
  const { body: oak } = await control.call<TenantView>("POST", "/v1/tenants", { slug: "oak", tier: "standard" });
  await addVisits(root, oak.id, 60);
  expect(await finished(control, "oak", 1)).toMatchObject([{ state: "succeeded", reason: "schedule" }]);
  await delay(500); // five looks: nothing new, so no second job
  expect((await control.call<{ jobs: Job[] }>("GET", "/v1/tenants/oak/jobs")).body.jobs).toHaveLength(1);
  await addVisits(root, oak.id, 60);
  expect(await finished(control, "oak", 2)).toHaveLength(2);
});

test("a training that control did not live to see the end of is told to have failed", async () => {
  const root = tempDir();
  const first = await startControl(root);
  const { body: oak } = await first.call<TenantView>("POST", "/v1/tenants", { slug: "oak", tier: "standard" });
  await addVisits(root, oak.id, 60);
  const { body: job } = await first.call<Job>("POST", "/v1/tenants/oak/train");
  await first.close(); // ends the training process
  const second = await startControl(root);
  const [ended] = await finished(second, "oak", 1);
  expect(ended).toMatchObject({ id: job.id, state: expect.stringMatching("failed|succeeded") });
});
