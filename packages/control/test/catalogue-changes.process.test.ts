import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Item, RecommendationAnswer } from "@endcap/protocol";
import { Endcap } from "@endcap/sdk-node";
import { expect, test } from "vitest";
import type { IssuedKey } from "../src/keys/model.ts";
import { startUp } from "./support/endcap.ts";
import { tempDir } from "./support/temp.ts";

/** What the contract promises from a change's acknowledgement to the first answer that knows it. */
const VISIBLE_MS_MAX = 5_000;

test("a change of price, of stock and of visibility shows in answers within five seconds", async () => {
  const { ready } = await startUp(tempDir());
  const made = await fetch(new URL("/v1/tenants?waitMs=30000", ready.url), {
    method: "POST",
    headers: {
      authorization: `Bearer ${readFileSync(ready.adminTokenFile, "utf8").trim()}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ slug: "oak", tier: "standard", issueKeys: ["live"] }),
  });
  const { keys } = (await made.json()) as { keys: IssuedKey[] };
  const key = keys.find(({ kind }) => kind === "secret");
  if (key?.secret === undefined) throw new Error("no secret key");
  const shop = new Endcap({ endpoint: ready.gatewayUrl, key: key.id, secret: key.secret });

  const put = (id: string, more: Partial<Item> = {}) =>
    shop.items.upsert([
      {
        ...{ id, title: `Mug ${id}`, url: `/p/${id}`, price: "5.00", currency: "EUR", categories: [["Kitchen"]] },
        ...{ availability: "in_stock", updatedAt: new Date().toISOString(), ...more },
      },
    ]);
  const ask = (): Promise<RecommendationAnswer> => shop.recommendations.get({ strategy: "trending", limit: 10 });
  const item = (answer: RecommendationAnswer, id: string) => answer.items.find((each) => each.id === id)?.item;
  /** Asks until the answer knows of the change; resolves to how long that took from its acknowledgement. */
  const shown = async (what: (answer: RecommendationAnswer) => boolean): Promise<number> => {
    const since = performance.now();
    while (!what(await ask())) await delay(20);
    return performance.now() - since;
  };

  for (const id of ["a", "b", "c"]) await put(id);
  await shown(({ items, fallback }) => fallback === undefined && items.length === 3);

  await put("a", { price: "4.00" });
  const price = await shown((answer) => item(answer, "a")?.price === "4.00");
  await put("b", { availability: "out_of_stock" });
  const soldOut = await shown((answer) => item(answer, "b") === undefined);
  await put("b");
  const back = await shown((answer) => item(answer, "b") !== undefined);
  await put("c", { hidden: true });
  const hidden = await shown((answer) => item(answer, "c") === undefined);
  await shop.items.delete("a");
  const deleted = await shown((answer) => item(answer, "a") === undefined);

  const ms = { price, soldOut, back, hidden, deleted };
  console.log("milliseconds to be seen", Object.fromEntries(Object.entries(ms).map(([k, v]) => [k, Math.round(v)])));
  for (const each of Object.values(ms)) expect(each).toBeLessThan(VISIBLE_MS_MAX);
  await shop.close();
});
