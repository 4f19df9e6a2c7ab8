/** What a slot can be besides a carousel of ours: rendered by a server, made of the shop's template, remembered. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { STUB, type Stage, startStage } from "../support/browser.ts";
import { picture, recommended } from "../support/items.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
  for (let i = 0; i < 12; i++) {
    stage.gateway.files.set(`/sdk/picture-${i}.svg`, { type: "image/svg+xml", bytes: Buffer.from(picture(i * 37)) });
  }
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => {
  const { gateway } = stage;
  gateway.forget();
  stage.lists.items = recommended(6, gateway.origin);
});
afterEach(() => {
  expect(stage.gateway.faults).toEqual([]);
});

const MEASURE = `<script>
  window.shifts = 0;
  new PerformanceObserver((list) => { for (const { value } of list.getEntries()) shifts += value; }).observe({ type: "layout-shift", buffered: true });
</script>`;
const shopPage = (element: string) =>
  `<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title><style>endcap-recommendations { display: block; min-height: 22rem } .mine { color: rgb(1, 2, 3) }</style>${MEASURE}${STUB}${stage.tag}<h1>Shop</h1>${element}<p>after</p>`;
const asked = () => stage.gateway.requests.filter(({ path }) => path === "/v1/recommendations");
const eventsOf = (type: string) => [...stage.gateway.events.values()].filter((event) => event.type === type);

test("a list that a server rendered is adopted: nothing is asked, everything is counted", async () => {
  const recommendationId = "01900000-0000-7000-8000-000000000001";
  const cards = ["x", "y"]
    .map((id) => `<li data-id="${id}" style="width:200px;height:200px"><a href="/p/${id}">${id}</a></li>`)
    .join("");
  stage.shop.pages.set("/server", {
    html: shopPage(
      `<endcap-recommendations placement="home" layout="grid" recommendation-id="${recommendationId}"><template shadowrootmode="open"><section><ul>${cards}</ul></section></template></endcap-recommendations>`,
    ),
  });
  stage.shop.pages.set("/p/y", { html: "<!doctype html><title>y</title>" });
  await using visit = await stage.visit("/server");
  await stage.gateway.until(() => eventsOf("recommendation_impression").length === 1);
  expect(eventsOf("recommendation_impression")[0]).toMatchObject({
    recommendationId,
    position: 1,
    items: [{ id: "x" }, { id: "y" }],
  });
  await visit.page.getByRole("link", { name: "y" }).click();
  await stage.gateway.until(() => eventsOf("recommendation_click").length === 1);
  expect(eventsOf("recommendation_click")[0]).toMatchObject({ recommendationId, position: 2, items: [{ id: "y" }] });
  expect(asked()).toEqual([]);
  expect(visit.problems).toEqual([]);
});

test("a list that a server rendered and a script put in is adopted as well", async () => {
  const recommendationId = "01900000-0000-7000-8000-000000000002";
  stage.shop.pages.set("/late", {
    html: shopPage(
      `<div id="slot"></div><script>
        slot.innerHTML = '<endcap-recommendations placement="home" layout="grid" recommendation-id="${recommendationId}"><template shadowrootmode="open"><section><ul><li data-id="x" style="width:200px;height:200px"><a href="/p/x">x</a></li></ul></section></template></endcap-recommendations>';
      </script>`,
    ),
  });
  await using visit = await stage.visit("/late");
  await stage.gateway.until(() => eventsOf("recommendation_impression").length === 1);
  expect(eventsOf("recommendation_impression")[0]).toMatchObject({ recommendationId, items: [{ id: "x" }] });
  expect(asked()).toEqual([]);
  // Chromium itself says in the console that innerHTML makes no shadow root.
  expect(visit.problems.filter((line) => !line.includes("setHTMLUnsafe()"))).toEqual([]);
});

test("a template of the shop's own makes the cards, in the page's styles", async () => {
  stage.shop.pages.set("/template", {
    html: shopPage(
      `<endcap-recommendations placement="home" layout="grid"><template><a data-field="link"><img data-field="image" width="80" height="80" alt=""><b class="mine" data-field="title"></b> <i data-field="price"></i><s data-field="list-price"></s></a></template></endcap-recommendations>`,
    ),
  });
  stage.shop.pages.set("/p/item-1", { html: "<!doctype html><title>item 1</title>" });
  await using visit = await stage.visit("/template");
  const { page } = visit;
  const links = page.locator("endcap-recommendations > div > a");
  await links.nth(5).waitFor();
  expect(await links.first().getAttribute("href")).toBe(`${stage.shop.origin}/p/item-0`);
  expect((await links.first().textContent())?.trim()).toBe("Oak Table €1,234.50");
  expect(
    await page
      .locator(".mine")
      .first()
      .evaluate((node) => getComputedStyle(node).color),
  ).toBe("rgb(1, 2, 3)");
  await links.nth(1).click();
  await stage.gateway.until(() => eventsOf("recommendation_click").length === 1);
  expect(eventsOf("recommendation_click")[0]).toMatchObject({ position: 2, items: [{ id: "item-1" }] });
  expect(visit.problems).toEqual([]);
});

test("the last visit's list shows at once and gives way without a shift; signing out forgets it", async () => {
  stage.shop.pages.set("/stale", {
    html: shopPage('<endcap-recommendations placement="home" stale></endcap-recommendations>'),
  });
  await using visit = await stage.visit("/stale");
  const { page } = visit;
  const first = page.locator("endcap-recommendations li:not(.skeleton) a").first();
  await first.waitFor();
  const held = Promise.withResolvers<void>();
  await page.route("**/v1/recommendations", async (route) => {
    await held.promise;
    await route.continue();
  });
  stage.lists.items = recommended(6, stage.gateway.origin).reverse();
  await page.reload();
  await first.waitFor();
  expect(await first.getAttribute("href")).toBe(`${stage.shop.origin}/p/item-0`);
  held.resolve();
  await page.waitForFunction(
    "document.querySelector('endcap-recommendations').shadowRoot.querySelector('a').pathname === '/p/item-5'",
  );
  expect(await page.evaluate("shifts")).toBe(0);
  // In one step: the slot asks anew at once, as somebody else.
  const kept = "endcap.signOut(); Object.keys(localStorage).filter((key) => key.includes('chosen'))";
  expect(await page.evaluate(kept)).toEqual([]);
});

test("a pointer that rests on a card fetches its page ahead, when the shop wants that", async () => {
  stage.shop.pages.set("/hover", {
    html: shopPage('<endcap-recommendations placement="home" prefetch></endcap-recommendations>'),
  });
  await using visit = await stage.visit("/hover");
  const link = visit.page.locator("endcap-recommendations li:not(.skeleton) a").nth(1);
  await link.hover();
  await visit.page.waitForFunction(
    "document.querySelector('link[rel=prefetch]')?.pathname ?? document.querySelector('link[rel=prefetch]')?.href.endsWith('/p/item-1')",
  );
  expect(await visit.page.locator("link[rel=prefetch]").count()).toBe(1);
});
