import type { PlacementRule } from "@endcap/protocol";
import { expect, it } from "vitest";
import { fillShop, idsOf, item, TestShop } from "../support/shop.ts";

const hour = 3_600_000;
const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
const ids = (answer: { body: { items: { id: string }[] } }): string[] => answer.body.items.map(({ id }) => id);

async function trainedShop(): Promise<TestShop> {
  const shop = await TestShop.open();
  await fillShop(shop);
  await shop.train();
  await shop.start();
  return shop;
}

function ask(shop: TestShop, rules: PlacementRule[], request: Record<string, unknown> = {}) {
  const placement = { id: "home", strategy: "related_items", repeats: "allow", rules };
  const include = ["reason", "rules"];
  return shop.rank({
    strategy: "related_items",
    placement,
    request: { items: ["tea-0"], limit: 6, include, ...request },
  });
}

it("pins stand where they are told to, once, with the shop as the reason", async () => {
  const shop = await trainedShop();
  const answer = await ask(shop, [{ id: "autumn", pin: { items: ["camp-3", "tea-2"], position: 2 } }]);
  expect(ids(answer).slice(1, 3)).toEqual(["camp-3", "tea-2"]);
  expect(new Set(ids(answer)).size).toBe(6);
  expect(answer.body.items[1]?.reason).toEqual({ kind: "picked", text: "Picked by the shop" });
  expect(answer.body.rules).toEqual([{ rule: "autumn", did: "pinned", items: ["camp-3", "tea-2"] }]);
});

it("a pin never shows what may not be shown", async () => {
  const shop = await trainedShop();
  await shop.table.catalogue.upsert([item("camp-1", { availability: "out_of_stock", updatedAt: at(0) })]);
  const rules = [{ id: "pins", pin: { items: ["camp-1", "camp-2", "nothing", "tea-0"], position: 1 } }];
  const answer = await shop.until(
    () => ask(shop, rules, { exclude: ["camp-2"] }),
    (each) => !ids(each).includes("camp-1"),
  );
  expect(ids(answer).every((id) => id.startsWith("tea") && id !== "tea-0")).toBe(true);
  expect(answer.body.rules?.[0]?.did).toBe("nothing");
});

it("a boost lifts, a small factor buries, and both keep the list full", async () => {
  const shop = await trainedShop();
  const plain = ids(await ask(shop, [], { limit: 7 }));
  const [first, last] = [plain[0] as string, plain.at(-1) as string];
  const lifted = ids(await ask(shop, [{ id: "lift", boost: { filter: { id: last }, factor: 10 } }], { limit: 7 }));
  expect(lifted[0]).toBe(last);
  const buried = ids(await ask(shop, [{ id: "bury", boost: { filter: { id: first }, factor: 0.05 } }], { limit: 7 }));
  expect(buried).not.toContain(first);
  expect(buried).toHaveLength(7);
});

it("an exclusion leaves out what matches, and the list stays full", async () => {
  const shop = await trainedShop();
  const answer = await ask(shop, [{ id: "no-tea", exclude: { filter: { categories: "tea" } } }], { limit: 20 });
  expect(ids(answer)).toHaveLength(20);
  expect(ids(answer).some((id) => id.startsWith("tea"))).toBe(false);
  expect(answer.body.rules?.[0]).toMatchObject({ rule: "no-tea", did: "excluded" });
  expect(answer.body.rules?.[0]?.items.sort()).toEqual(idsOf("tea").sort());
});

it("a campaign holds from its start until its end", async () => {
  const shop = await trainedShop();
  const pin = { items: ["camp-3"], position: 1 };
  const answer = await ask(shop, [
    { id: "over", until: at(-hour), pin },
    { id: "coming", from: at(hour), pin },
    { id: "now", from: at(-hour), until: at(hour), pin: { items: ["bath-1"], position: 1 } },
  ]);
  expect(ids(answer)[0]).toBe("bath-1");
  expect(answer.body.rules?.map(({ rule, did }) => [rule, did])).toEqual([
    ["now", "pinned"],
    ["over", "inactive"],
    ["coming", "inactive"],
  ]);
});

it("what rules did is told to servers only", async () => {
  const shop = await trainedShop();
  const placement = {
    id: "home",
    strategy: "trending",
    repeats: "allow",
    rules: [{ id: "secret", pin: { items: ["camp-1"], position: 1 } }],
  };
  const request = { strategy: "trending", placement, request: { include: ["rules"] } };
  expect((await shop.rank(request)).body.rules).toHaveLength(1);
  expect(
    (await shop.rank(request, { auth: "ep1", anonymousId: "a_CCCCCCCCCCCCCCCCCCCCCC", scope: [] })).body.rules,
  ).toBeUndefined();
});

it("a rule with a wrong filter is a fault that names it", async () => {
  const shop = await trainedShop();
  const answer = await ask(shop, [{ id: "wrong", boost: { filter: { colour: "red" }, factor: 2 } }]);
  expect([answer.status, answer.body.code]).toEqual([400, "filter_unknown_field"]);
});
