import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { RecommendationAnswer } from "@endcap/protocol";
import { Endcap } from "@endcap/sdk-node";
import { expect, test } from "vitest";
import type { IssuedKey } from "../src/keys/model.ts";
import type { ProcessView } from "../src/provisioner/process.ts";
import type { TenantView } from "../src/tenants/model.ts";
import type { Job } from "../src/training/model.ts";
import { endcapJson, startUp, type Up } from "./support/endcap.ts";
import { tempDir } from "./support/temp.ts";

const IDLE_MS = 1_500;

/** An installation whose Standard tenants hibernate soon, and ways to look into it. */
class House {
  readonly #up: Up;
  readonly #token: string;
  readonly dataDir: string;

  constructor(up: Up, dataDir: string) {
    this.#up = up;
    this.#token = readFileSync(up.ready.adminTokenFile, "utf8").trim();
    this.dataDir = dataDir;
  }

  static async open(): Promise<House> {
    const dataDir = tempDir();
    const env = { ENDCAP_CONTROL_HIBERNATE_STANDARD_MS: String(IDLE_MS), ENDCAP_ML_FALLBACK_REFRESH_MS: "100" };
    return new House(await startUp(dataDir, ["--free-ports"], env), dataDir);
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(new URL(path, this.#up.ready.url), {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async tenant(slug: string, tier: string): Promise<{ id: string; shop: Endcap }> {
    const made = await this.call<TenantView & { keys: IssuedKey[] }>("POST", "/v1/tenants?waitMs=30000", {
      slug,
      tier,
      issueKeys: ["live"],
    });
    const secretKey = made.keys.find(({ kind }) => kind === "secret");
    if (secretKey?.secret === undefined) throw new Error("no secret key");
    const { gatewayUrl } = this.#up.ready;
    return {
      id: made.id,
      shop: new Endcap({ endpoint: gatewayUrl, key: secretKey.id, secret: secretKey.secret }),
    };
  }

  async recommender(tenantId: string): Promise<ProcessView> {
    const { processes } = await this.call<{ processes: ProcessView[] }>("GET", "/v1/status");
    const found = processes.find((process) => process.tenantId === tenantId);
    if (found === undefined) throw new Error("the tenant has no recommender");
    return found;
  }

  async asleep(tenantId: string): Promise<void> {
    while ((await this.recommender(tenantId)).state !== "hibernating") await delay(50);
  }

  async train(tenant: string): Promise<string> {
    let job = await this.call<Job>("POST", `/v1/tenants/${tenant}/train`);
    while (job.state === "queued" || job.state === "running") {
      await delay(100);
      job = await this.call<Job>("GET", `/v1/jobs/${job.id}`);
    }
    if (job.result === undefined) throw new Error(`the training failed: ${job.error?.message}`);
    return String(job.result.version);
  }
}

const isThere = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function fill(shop: Endcap): Promise<void> {
  await shop.items.upsert(
    Array.from({ length: 12 }, (_, n) => ({
      id: `i${n}`,
      title: `Item ${n}`,
      url: `/p/i${n}`,
      price: "5.00",
      currency: "EUR",
      availability: "in_stock" as const,
      categories: [["Home"]],
      updatedAt: new Date().toISOString(),
    })),
  );
  for (let visit = 0; visit < 60; visit++) {
    const at = Date.now() - (60 - visit) * 60_000;
    for (let step = 0; step < 3; step++) {
      const items = [{ id: `i${(visit + step) % 12}` }];
      shop.track("view_item", { userId: `u${visit}`, items, at: new Date(at + step * 5_000) });
    }
  }
  await shop.flush();
}

test("an idle Standard recommender gives its memory back; a request gets the fallback at once and wakes it", async () => {
  const house = await House.open();
  const { id, shop } = await house.tenant("oak", "standard");
  const premium = await house.tenant("elm", "premium");
  await fill(shop);
  await house.train("oak");
  const ask = (): Promise<RecommendationAnswer> =>
    shop.recommendations.get({ placement: "home", shopper: { userId: "anna" }, limit: 5 }, { retries: 0 });
  while ((await ask()).fallback !== undefined) await delay(50);
  const { pid } = await house.recommender(id);
  expect(isThere(pid)).toBe(true);

  await house.asleep(id);
  expect(isThere(pid)).toBe(false);
  expect(await endcapJson<TenantView>(house.dataDir, ["tenant", "show", "oak"])).toMatchObject({
    recommender: { state: "hibernating" },
    model: { version: expect.stringMatching(/^m-/) },
  });

  // The shop goes on meanwhile: somebody looks at things, and a training finds a new champion.
  shop.track("view_item", { userId: "anna", items: [{ id: "i7" }], at: new Date() });
  await shop.flush();
  const version = await house.train("oak");
  expect((await house.recommender(id)).state).toBe("hibernating");

  const wokenAt = performance.now();
  const first = await Promise.all(Array.from({ length: 20 }, ask));
  expect(first.map(({ fallback, items }) => [fallback, items.length])).toEqual(first.map(() => ["popular", 5]));
  let last = first[0];
  while (last?.fallback !== undefined) {
    await delay(10);
    last = await ask(); // rejects if a single one fails
  }
  console.log(`the recommender's own list ${Math.round(performance.now() - wokenAt)} ms after the first request`);
  expect(last?.model?.version).toBe(version);
  expect(await house.recommender(id)).toMatchObject({ state: "ready", restarts: 0 });
  expect(isThere((await house.recommender(id)).pid)).toBe(true);

  const seen = await shop.recommendations.get({ strategy: "recently_viewed", shopper: { userId: "anna" }, limit: 5 });
  expect(seen.items.map((item) => item.id)).toEqual(["i7"]);
  // What happened since the training reaches the item tables too, as in a process that never slept.
  shop.track("view_item", { userId: "anna", items: [{ id: "i3" }], at: new Date() });
  await shop.flush();
  const live = async () => {
    const { adminUrl } = await house.recommender(id);
    const answer = await fetch(new URL("/internal/v1/status", adminUrl));
    return ((await answer.json()) as { live: { events: number } }).live.events;
  };
  while ((await live()) < 1) await delay(50);

  expect((await house.recommender(premium.id)).state).toBe("ready");
  await Promise.all([shop.close(), premium.shop.close()]);
});

test("a shop's server that asks a hibernating recommender waits for it to wake, and is never refused", async () => {
  const house = await House.open();
  const { id, shop } = await house.tenant("oak", "standard");
  await fill(shop);
  await house.train("oak");
  await house.asleep(id);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      shop.recommenders.rank("related_items", { items: ["i1"], limit: 3 }, { retries: 0, timeoutMsMax: 10_000 }),
    ),
  );
  expect(answers.map(({ model, items }) => [model === null, items.length])).toEqual(answers.map(() => [false, 3]));
  // As often as it likes, and a tenant of a tier that never hibernates stays awake.
  await house.asleep(id);
  await house.call("PATCH", "/v1/tenants/oak", { tier: "premium" });
  while ((await house.recommender(id)).state !== "ready") await delay(50);
  await delay(2 * IDLE_MS);
  expect((await house.recommender(id)).state).toBe("ready");
  await shop.close();
});
