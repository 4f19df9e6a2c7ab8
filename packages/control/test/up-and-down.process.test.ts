import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { uuidV8 } from "@endcap/protocol";
import { Endcap } from "@endcap/sdk-node";
import { expect, test } from "vitest";
import type { IssuedKey } from "../src/keys/model.ts";
import { isAlive } from "../src/postgres/postmaster.ts";
import type { TenantView } from "../src/tenants/model.ts";
import { endcap, endcapJson, follow, startUp } from "./support/endcap.ts";
import { tempDir } from "./support/temp.ts";

type Created = TenantView & { keys: IssuedKey[] };
interface Status {
  readonly processes: readonly { name: string; kind: string; pid: number; state: string; rssBytes: number }[];
}

const HOUR_MS = 3_600_000;

/** Visits that put pairs of items together often enough for a model. */
function history(): string {
  const lines: string[] = [];
  const item = (id: string) => ({
    item: {
      id,
      title: `Title of ${id}`,
      url: `/p/${id}`,
      price: "9.50",
      currency: "EUR",
      availability: "in_stock",
      categories: [["Things"]],
      updatedAt: "2026-11-01T00:00:00Z",
    },
  });
  for (let n = 0; n < 20; n += 1) lines.push(JSON.stringify(item(`i${n}`)));
  const start = Date.now() - 48 * HOUR_MS;
  for (let visit = 0; visit < 200; visit += 1) {
    for (let step = 0; step < 4; step += 1) {
      const event = {
        id: uuidV8("test", "history", `${visit}/${step}`),
        type: "view_item",
        at: new Date(start + visit * 600_000 + step * 20_000).toISOString(),
        shopper: { userId: `u${visit % 50}` },
        items: [{ id: `i${(visit + step) % 20}` }],
      };
      lines.push(JSON.stringify({ event }));
    }
  }
  lines.splice(30, 0, "{not json", '{"event":{"type":"view_item"}}');
  return lines.join("\n");
}

/**
 * Services of the last stop that did not say that they drain, or had to cut somebody off at its end. How long a stop
 * takes is the smoke bench's to say; on a busy machine it takes longer and is orderly all the same.
 */
function cutOff(root: string): string[] {
  const services = readdirSync(join(root, "logs")).filter((file) => /^(collector|gateway|ml|rec)/.test(file));
  expect(services.length).toBeGreaterThanOrEqual(4);
  return services.filter((file) => {
    const log = readFileSync(join(root, "logs", file), "utf8");
    const stop = log.slice(log.lastIndexOf('"msg":"draining"'));
    return !stop.startsWith('"msg":"draining"') || /connections cut|did not close/.test(stop);
  });
}

test("up, a tenant's whole life, kill -9, up again, down", async () => {
  const root = tempDir();
  const first = await startUp(root);
  expect(first.ready).toMatchObject({ ready: true, firstStart: true, tenants: 0 });

  // A second one keeps off, and the first does not notice.
  const second = await endcap(root, ["up", "--free-ports", "--json"]);
  expect(second).toMatchObject({ code: 1 });
  expect(JSON.parse(second.stdout)).toMatchObject({ error: { code: "data_dir_locked" } });

  const shop = await endcapJson<Created>(root, ["tenant", "create", "oak-shop", "--tier", "premium"]);
  expect(shop).toMatchObject({ slug: "oak-shop", recommender: { state: "ready" } });
  expect(shop.keys.map(({ kind }) => kind)).toEqual(["publishable", "secret"]);
  const other = await endcapJson<Created>(root, ["tenant", "create", "elm-shop"]);

  // History through the public gateway; malformed lines are named, the rest goes in, and once is enough.
  const file = join(tempDir(), "history.ndjson");
  writeFileSync(file, history());
  const imported = await endcapJson(root, ["import", file, "--tenant", "oak-shop"]);
  expect(imported).toMatchObject({
    lines: 822,
    items: 20,
    events: 800,
    rejected: 2,
    faults: [{ line: 31, code: "line_invalid" }, { line: 32 }],
  });
  expect(await endcapJson(root, ["import", file, "--tenant", "oak-shop"])).toMatchObject({
    events: 0,
    partsSkipped: 1,
  });

  const job = await endcapJson<{ result: { version: string } }>(root, ["train", "--tenant", "oak-shop"]);
  expect(job).toMatchObject({ state: "succeeded", reason: "manual", result: { events: 800 } });
  const related = ["recommend", "--tenant", "oak-shop", "--placement", "product", "--item", "i3", "--limit", "3"];
  const ask = () => endcapJson<{ items: { id: string }[]; model: { version: string } | null }>(root, related);
  // The recommender looks for a new model once a second, and the first call of a process may miss its deadline.
  await expect.poll(async () => (await ask()).model?.version, { timeout: 30_000 }).toBe(job.result.version);
  const answer = await ask();
  expect(answer.items).toHaveLength(3);
  await expect.poll(async () => (await endcap(root, related)).stdout, { timeout: 30_000 }).toContain("Title of i4");
  // The keys of these commands are gone again.
  const shown = await endcapJson<{ keys: IssuedKey[] }>(root, ["tenant", "show", "oak-shop"]);
  expect(shown.keys.map(({ id }) => id).sort()).toEqual(shop.keys.map(({ id }) => id).sort());

  // Deleting takes process, data and row.
  expect(existsSync(join(root, "tenants", other.id))).toBe(true);
  await endcapJson(root, ["tenant", "delete", "elm-shop", "--yes"]);
  expect(readdirSync(join(root, "tenants"))).toEqual([shop.id]);
  expect(await endcap(root, ["tenant", "show", "elm-shop"])).toMatchObject({ code: 1 });
  expect((await endcap(root, ["doctor"])).code).toBe(0);

  // kill -9: every process of the tree ends by itself.
  const token = readFileSync(first.ready.adminTokenFile, "utf8").trim();
  const answered = await fetch(new URL("/v1/status", first.ready.url), {
    headers: { authorization: `Bearer ${token}` },
  });
  const { processes } = (await answered.json()) as Status;
  expect(processes.map(({ kind }) => kind).sort()).toEqual([
    "collector",
    "control",
    "gateway",
    "ml",
    "postgres",
    "recommender",
  ]);
  for (const { state, rssBytes } of processes) {
    expect(state).toBe("ready");
    expect(rssBytes).toBeGreaterThan(1_000_000);
  }
  await first.end("SIGKILL");
  for (const { pid } of processes) while (isAlive(pid)) await delay(20);
  const stale = await endcap(root, ["tenant", "list", "--json"]);
  expect(stale.code).toBe(1);
  expect(JSON.parse(stale.stdout)).toMatchObject({ error: { code: "not_running" } });

  // What was there is there, and a stop is orderly.
  const again = await startUp(root);
  expect(again.ready).toMatchObject({ firstStart: false, tenants: 1 });
  // The first answers after a start may be the fallback list: a process that has just begun can miss the deadline.
  const ids = (list: { items: { id: string }[] }) => list.items.map(({ id }) => id);
  await expect.poll(async () => ids(await ask()), { timeout: 30_000 }).toEqual(ids(answer));
  expect(await again.end("SIGTERM")).toBe(0);
  expect(cutOff(root)).toEqual([]);
  expect(existsSync(join(root, "control/admin.json"))).toBe(false);
  expect(existsSync(join(root, "control/control.pid"))).toBe(false);
});

test("a process that dies is started again and routed to", async () => {
  const root = tempDir();
  const up = await startUp(root);
  const shop = await endcapJson<Created>(root, ["tenant", "create", "oak-shop"]);
  const secret = shop.keys.find(({ kind }) => kind === "secret");
  const token = readFileSync(up.ready.adminTokenFile, "utf8").trim();
  const status = async () => {
    const answer = await fetch(new URL("/v1/status", up.ready.url), { headers: { authorization: `Bearer ${token}` } });
    return (await answer.json()) as Status;
  };
  const before = (await status()).processes;
  for (const { kind, pid } of before) if (kind === "recommender" || kind === "collector") process.kill(pid, "SIGKILL");
  const changed = async () => {
    const now = (await status()).processes;
    return now.every(({ name, pid, state }) => {
      const was = before.find((process) => process.name === name);
      const killed = was?.kind === "recommender" || was?.kind === "collector";
      return state === "ready" && killed === (pid !== was?.pid);
    });
  };
  while (!(await changed())) await delay(50);
  const file = join(tempDir(), "history.ndjson");
  writeFileSync(file, history());
  expect(await endcapJson(root, ["import", file, "--tenant", "oak-shop"])).toMatchObject({ events: 800 });

  // Whoever follows the tenant sees what a customer's server sends, and the stop does not wait for them.
  const tail = follow(root, ["events", "tail", "--tenant", "oak-shop", "--json"]);
  await using customer = new Endcap({
    endpoint: up.ready.gatewayUrl,
    key: secret?.id ?? "",
    secret: secret?.secret ?? "",
  });
  let seen: string | undefined;
  const line = tail.line.then((text) => {
    seen = text;
  });
  while (seen === undefined) {
    customer.track("view_item", { userId: "u-1", items: ["i1"] });
    await customer.flush();
    await Promise.race([line, delay(100)]); // the follower may still be starting
  }
  expect(JSON.parse(seen)).toMatchObject({ type: "view_item", shopper: { userId: "u-1" }, items: [{ id: "i1" }] });
  expect(await up.end("SIGINT")).toBe(0);
  expect(cutOff(root)).toEqual([]);
  await tail.ended;
});
