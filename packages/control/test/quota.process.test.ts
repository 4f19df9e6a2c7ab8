import { readFileSync } from "node:fs";
import { uuidV7 } from "@endcap/protocol";
import { expect, test } from "vitest";
import type { IssuedKey } from "../src/keys/model.ts";
import type { TenantView } from "../src/tenants/model.ts";
import type { TenantUsage } from "../src/usage/model.ts";
import { endcapJson, startUp, type Up } from "./support/endcap.ts";
import { tempDir } from "./support/temp.ts";

type Created = TenantView & { keys: IssuedKey[] };

test("a month's quota holds at the gateway: warned, refused, given more, and known again after a kill", async () => {
  const root = tempDir();
  let up: Up = await startUp(root);
  const shop = await endcapJson<Created>(root, ["tenant", "create", "oak"]);
  const secret = shop.keys.find(({ kind }) => kind === "secret");
  const authorization = `Bearer ${secret?.id}.${secret?.secret}`;

  const call = (path: string, body: object) =>
    fetch(up.ready.gatewayUrl + path, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const sendEvent = async () => {
    const id = uuidV7(Date.now(), (bytes) => crypto.getRandomValues(bytes));
    const event = { id, type: "page_view", at: new Date().toISOString(), shopper: { userId: "u1" } };
    const answer = await call("/v1/events", { events: [event] });
    const body = (await answer.json()) as { code?: string; accepted?: number };
    return { status: answer.status, limit: answer.headers.get("ratelimit") ?? "", body };
  };
  const give = async (eventsPerMonth: number) => {
    const token = readFileSync(up.ready.adminTokenFile, "utf8").trim();
    const answer = await fetch(`${up.ready.url}/v1/tenants/oak`, {
      method: "PATCH",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ limits: { eventsPerMonth } }),
    });
    expect(answer.status).toBe(200);
  };
  const refusal = async () => (await sendEvent()).body.code;

  await give(10);
  await expect.poll(async () => (await sendEvent()).status, { timeout: 20_000 }).toBe(202);
  // From eight of ten on the answers say what is left; after ten there is none.
  const told: string[] = [];
  for (let n = 0; n < 20; n += 1) {
    const { status, limit, body } = await sendEvent();
    if (status === 429) {
      expect(body.code).toBe("quota_exceeded");
      break;
    }
    expect([status, body.accepted]).toEqual([202, 1]);
    told.push(/"month";r=(\d+)/.exec(limit)?.[1] ?? "-");
  }
  expect(told.slice(-2)).toEqual(["2", "1"]);
  expect(told.slice(0, -2).every((left) => left === "-")).toBe(true);
  expect((await call("/v1/recommendations", { strategy: "trending", shopper: { userId: "u1" } })).status).toBe(200);

  // Control has it all, to the event.
  const counted = async () => (await endcapJson<{ usage: TenantUsage[] }>(root, ["usage"])).usage[0]?.events;
  await expect.poll(counted, { timeout: 20_000 }).toBe(10);

  // The whole house is killed, and comes back: the month is not forgotten.
  await up.end("SIGKILL");
  up = await startUp(root);
  await expect.poll(refusal, { timeout: 30_000 }).toBe("quota_exceeded");
  await give(12);
  await expect.poll(async () => (await sendEvent()).status, { timeout: 20_000 }).toBe(202);
  expect((await sendEvent()).status).toBe(202);
  await expect.poll(refusal, { timeout: 20_000 }).toBe("quota_exceeded");
  await expect.poll(counted, { timeout: 20_000 }).toBe(12);
  await up.end("SIGTERM");
});
