import type { PlacementRule } from "@endcap/protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Merchandising } from "../../src/serving/merchandising.ts";
import type { Ranked } from "../../src/serving/ranked.ts";
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

it("pins never shorten a list, wherever they point and however often they name an item", async () => {
  const shop = await trainedShop();
  const pinned: PlacementRule[][] = [
    [{ id: "far", pin: { items: ["camp-1"], position: 100 } }],
    [{ id: "twice", pin: { items: ["camp-1", "camp-1", "tea-2"], position: 1 } }],
    ["a", "b"].map((id) => ({ id, pin: { items: ["tea-3"], position: 2 } })),
    [{ id: "nothing", pin: { items: ["no-such-item", "tea-0"], position: 1 } }],
    [{ id: "all", pin: { items: idsOf("camp"), position: 1 } }],
  ];
  for (const rules of pinned) {
    for (const limit of [1, 6, 31]) {
      const list = ids(await ask(shop, rules, { limit }));
      expect([rules[0]?.id, list.length, new Set(list).size]).toEqual([rules[0]?.id, limit, limit]);
    }
    const pages = await Promise.all([0, 5, 10].map((offset) => ask(shop, rules, { limit: 5, offset })));
    expect(pages.flatMap(ids)).toEqual(ids(await ask(shop, rules, { limit: 15 })));
  }
});

it("a pin moves one of the given ids and brings no other", async () => {
  const shop = await trainedShop();
  const placement = {
    id: "search",
    strategy: "personalized_ranking",
    repeats: "allow",
    rules: [{ id: "first", pin: { items: ["bath-2", "camp-1"], position: 1 } }],
  };
  const items = ["tea-1", "tea-2", "camp-1"];
  const answer = await shop.rank({ strategy: "personalized_ranking", placement, request: { items } });
  expect(ids(answer)[0]).toBe("camp-1");
  expect(ids(answer).sort()).toEqual([...items].sort());
});

it("a rule that does several things says each of them", async () => {
  const shop = await trainedShop();
  const rule: PlacementRule = {
    id: "autumn",
    pin: { items: ["camp-3"], position: 1 },
    boost: { filter: { id: "tea-5" }, factor: 20 },
    exclude: { filter: { id: { $in: ["tea-1", "tea-2"] } } },
  };
  const answer = await ask(shop, [rule]);
  expect(ids(answer).slice(0, 2)).toEqual(["camp-3", "tea-5"]);
  expect(ids(answer)).toHaveLength(6);
  expect(answer.body.rules).toEqual([
    { rule: "autumn", did: "pinned", items: ["camp-3"] },
    { rule: "autumn", did: "boosted", items: ["tea-5"] },
    { rule: "autumn", did: "excluded", items: expect.arrayContaining(["tea-1", "tea-2"]) },
  ]);
  const over = await ask(shop, [{ ...rule, until: at(-hour) }]);
  expect(over.body.rules).toEqual([{ rule: "autumn", did: "inactive", items: [] }]);
});

it("a preview shows a campaign before it starts and after it ended, and is not logged as served", async () => {
  const shop = await trainedShop();
  const rules = [{ id: "week", from: at(24 * hour), until: at(48 * hour), pin: { items: ["camp-3"], position: 1 } }];
  const placement = { id: "home", strategy: "related_items", repeats: "allow", rules };
  const shopper = { userId: "anna" };
  const look = (preview?: { at: string }) =>
    shop.rank({
      strategy: "related_items",
      placement,
      request: { shopper, items: ["tea-0"], limit: 3, include: ["rules"] },
      ...(preview && { preview }),
    });
  const did = async (hours: number) => (await look({ at: at(hours * hour) })).body.rules?.[0]?.did;
  expect([await did(1), await did(30), await did(50)]).toEqual(["inactive", "pinned", "inactive"]);
  const previewed = await look({ at: at(30 * hour) });
  const served = await look();
  expect(ids(previewed)[0]).toBe("camp-3");
  expect(served.body.rules?.[0]?.did).toBe("inactive");
  await shop.stop();
  expect(await shop.table.served.get(shopper, served.body.recommendationId)).toBeDefined();
  expect(await shop.table.served.get(shopper, previewed.body.recommendationId)).toBeUndefined();
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

it("no boost brings an item among the first from beyond its reach", () => {
  const ranked = Array.from({ length: 400 }, (_, n): Ranked => {
    return { id: `${n}`, slot: n, score: -n, cause: "viewed", source: undefined };
  });
  const factors = fc.array(fc.double({ min: 0.05, max: 8, noNaN: true }), { maxLength: 3 });
  fc.assert(
    fc.property(factors, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 2, max: 7 }), (each, wanted, every) => {
      const rules = each.map(
        (factor, n): PlacementRule => ({ id: `r${n}`, boost: { filter: { id: `${n}` }, factor } }),
      );
      const merchandising = new Merchandising(rules, 0);
      // Each boost holds for another part of the list.
      const judge = ({ key }: { key: string }) => {
        const nth = Number(/\d/.exec(key)?.[0]);
        return ({ slot }: Ranked) => slot % (every + nth) === 0;
      };
      const first = (list: readonly Ranked[]) =>
        merchandising
          .apply(list, judge, () => undefined)
          .slice(0, wanted)
          .map(({ id }) => id);
      expect(first(ranked.slice(0, merchandising.reach(wanted)))).toEqual(first(ranked));
    }),
  );
});
