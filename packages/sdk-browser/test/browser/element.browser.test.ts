import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { STUB, type Stage, startStage } from "../support/browser.ts";
import { picture, recommended } from "../support/items.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
  for (let i = 0; i < 20; i++) {
    const bytes = Buffer.from(picture(i * 37));
    stage.gateway.files.set(`/sdk/picture-${i}.svg`, { type: "image/svg+xml", bytes });
  }
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => {
  const { gateway } = stage;
  gateway.forget();
  stage.lists.items = recommended(12, gateway.origin);
});
afterEach(() => {
  expect(stage.gateway.faults).toEqual([]);
});

/** Adds up every shift of the page's life, as web-vitals does without its session windows. */
const MEASURE = `<script>
  window.shifts = [];
  const add = (entries) => entries.forEach(({ value }) => shifts.push(value));
  window.shiftObserver = new PerformanceObserver((list) => add(list.getEntries()));
  shiftObserver.observe({ type: "layout-shift", buffered: true });
  window.lists = [];
  addEventListener("endcap:loaded", ({ detail }) => lists.push(detail.count), true);
</script>`;
/** What the README tells a shop to put in its head, so that the space is held before any script runs. */
const RESERVE = "<style>endcap-recommendations { display: block; min-height: 22rem }</style>";
const LOOK = "<style>body { font: 16px/1.5 system-ui; margin: 2rem } h1 { margin: 0 0 1rem }</style>";

function shopPage(element: string, head = "", html = "<html lang=en>"): string {
  return `<!doctype html>${html}<meta charset=utf-8><title>Shop</title>${LOOK}${RESERVE}${MEASURE}${head}${STUB}${stage.tag}<h1>Shop</h1>${element}<p id=after>What follows stays where it is.</p>`;
}

/** Waits for that many cards. Not by `waitForFunction`, which evaluates strings and so needs a lax page. */
async function shown(page: Page, count = 12): Promise<void> {
  const cards = page.locator("endcap-recommendations li:not(.skeleton)");
  await cards.nth(count - 1).waitFor({ state: "attached" });
  expect(await cards.count()).toBe(count);
}
/** Waits until the pictures in view are there. */
const pictured = (page: Page) =>
  page.waitForFunction(
    "[...document.querySelector('endcap-recommendations').shadowRoot.querySelectorAll('img')].some(({ complete }) => complete)",
  );
/** What has moved until now: a frame's shifts are known when the next one begins. */
const shifts = (page: Page) =>
  page.evaluate(
    "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => { add(shiftObserver.takeRecords()); resolve(shifts.reduce((a, b) => a + b, 0)); })))",
  );
const eventsOf = (type: string) => [...stage.gateway.events.values()].filter((event) => event.type === type);

test("a carousel renders its items and moves nothing", async () => {
  stage.shop.pages.set("/", {
    html: shopPage(
      '<endcap-recommendations placement="home" reasons heading="Picked for you"></endcap-recommendations>',
    ),
  });
  await using visit = await stage.visit();
  const { page } = visit;
  await shown(page);
  await pictured(page);
  expect(await shifts(page)).toBe(0);
  const text = await page
    .locator("endcap-recommendations")
    .evaluate((host) => host.shadowRoot?.querySelector("li")?.textContent);
  expect(text).toBe("Oak Table€1,234.50Because you viewed Oak Table");
  const request = stage.gateway.requests.find(({ path }) => path === "/v1/recommendations");
  expect(request?.payload).toMatchObject({ placement: "home", limit: 12, include: ["item", "reason"] });
  expect(visit.problems).toEqual([]);
  if (process.env.ENDCAP_SCREENSHOTS) await page.screenshot({ path: `${process.env.ENDCAP_SCREENSHOTS}/carousel.png` });
});

test("a grid renders as high as its skeleton", async () => {
  stage.shop.pages.set("/grid", {
    html: shopPage('<endcap-recommendations placement="home" layout="grid" limit="8"></endcap-recommendations>'),
  });
  stage.lists.items = recommended(8, stage.gateway.origin);
  const held = Promise.withResolvers<void>();
  await using visit = await stage.visit("/empty");
  const { page } = visit;
  await page.route("**/v1/recommendations", async (route) => {
    await held.promise;
    await route.continue();
  });
  await page.goto(`${stage.shop.origin}/grid`);
  await page.waitForFunction(
    'document.querySelector("endcap-recommendations").shadowRoot?.querySelectorAll(".skeleton").length === 8',
  );
  const before = await page.locator("#after").boundingBox();
  held.resolve();
  await shown(page, 8);
  await pictured(page);
  expect((await page.locator("#after").boundingBox())?.y).toBe(before?.y);
  if (process.env.ENDCAP_SCREENSHOTS) await page.screenshot({ path: `${process.env.ENDCAP_SCREENSHOTS}/grid.png` });
});

test("on a phone a grid stands in two columns, and in one where two would be too narrow", async () => {
  const grid = (width: number) =>
    `<div style="width: ${width}px"><endcap-recommendations placement="home" layout="grid" limit="4"></endcap-recommendations></div>`;
  stage.shop.pages.set("/phone", { html: shopPage(grid(350) + grid(288) + grid(250)) });
  stage.lists.items = recommended(4, stage.gateway.origin);
  await using visit = await stage.visit("/phone");
  await visit.page.waitForFunction(
    '[...document.querySelectorAll("endcap-recommendations")].every(({ shadowRoot }) => shadowRoot?.querySelectorAll("li:not(.skeleton)").length === 4)',
  );
  const columns = await visit.page.evaluate(
    '[...document.querySelectorAll("endcap-recommendations")].map(({ shadowRoot }) => getComputedStyle(shadowRoot.querySelector("ul")).gridTemplateColumns.split(" ").length)',
  );
  expect(columns).toEqual([2, 2, 1]);
  if (process.env.ENDCAP_SCREENSHOTS) {
    await visit.page.screenshot({ path: `${process.env.ENDCAP_SCREENSHOTS}/phone-grid.png`, fullPage: true });
  }
});

test("the shop's own content holds the space until ours is there, and stays when nothing comes", async () => {
  const own = '<div style="height: 300px; background: #eee">Our bestsellers</div>';
  stage.shop.pages.set("/own", {
    html: shopPage(`<endcap-recommendations placement="home" style="min-height: 0">${own}</endcap-recommendations>`),
  });
  await using visit = await stage.visit("/own");
  await shown(visit.page);
  expect(await shifts(visit.page)).toBe(0);
  expect((await visit.page.locator("endcap-recommendations").boundingBox())?.height).toBe(300);

  stage.lists.items = [];
  await using second = await stage.visit("/own");
  await second.page.waitForFunction("lists.length === 1");
  expect(await second.page.getByText("Our bestsellers").isVisible()).toBe(true);
  expect(await shifts(second.page)).toBe(0);
});

test("an empty answer in view keeps its space; below the fold it gives it back", async () => {
  stage.lists.items = [];
  stage.shop.pages.set("/empty", {
    html: shopPage('<endcap-recommendations placement="home"></endcap-recommendations>'),
  });
  stage.shop.pages.set("/below", {
    html: shopPage(
      '<div style="height: 3000px"></div><endcap-recommendations placement="home"></endcap-recommendations>',
    ),
  });
  await using inView = await stage.visit("/empty");
  await inView.page.waitForFunction("lists.length === 1");
  expect((await inView.page.locator("endcap-recommendations").boundingBox())?.height).toBe(352);
  expect(await shifts(inView.page)).toBe(0);
  await using below = await stage.visit("/below");
  await below.page.waitForFunction('document.querySelector("endcap-recommendations").offsetHeight === 0');
  expect(await shifts(below.page)).toBe(0);
});

test("impressions count what was seen for a second, clicks say which position", async () => {
  stage.shop.pages.set("/", { html: shopPage('<endcap-recommendations placement="home"></endcap-recommendations>') });
  stage.shop.pages.set("/p/item-1", { html: `<!doctype html>${STUB}${stage.tag}` });
  await using visit = await stage.visit();
  const { page } = visit;
  await shown(page);
  await stage.gateway.until(() => eventsOf("recommendation_impression").length > 0);
  const [impression] = eventsOf("recommendation_impression");
  expect(impression?.position).toBe(1);
  // 936 px of width hold five cards of 176 px and 16 px of gap.
  expect(impression?.items?.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4].map((i) => `item-${i}`));

  await page.getByRole("button", { name: "Next" }).click();
  await stage.gateway.until(() => eventsOf("recommendation_impression").length > 1);
  const seen = eventsOf("recommendation_impression").flatMap(({ items }) => items?.map(({ id }) => id) ?? []);
  expect(new Set(seen).size).toBe(seen.length);

  await page.getByRole("button", { name: "Previous" }).click();
  await page
    .getByRole("link", { name: /Stoneware Teapot/ })
    .first()
    .click();
  await stage.gateway.until(() => eventsOf("recommendation_click").length === 1);
  const [click] = eventsOf("recommendation_click");
  expect(click).toMatchObject({
    position: 2,
    recommendationId: impression?.recommendationId,
    items: [{ id: "item-1" }],
  });

  await page.waitForFunction("typeof window.endcap?.track === 'function'");
  await page.evaluate("endcap.track('add_to_cart', { items: ['item-1'] })");
  await stage.gateway.until(() => eventsOf("add_to_cart").length === 1);
  expect(eventsOf("add_to_cart")[0]?.recommendationId).toBe(impression?.recommendationId);
});

test("nothing is seen on a page that nobody looks at", async () => {
  stage.shop.pages.set("/", { html: shopPage('<endcap-recommendations placement="home"></endcap-recommendations>') });
  await using visit = await stage.visit("/blank", { clock: true });
  const { page } = visit;
  await page.addInitScript(
    "Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })",
  );
  await page.goto(stage.shop.origin);
  // More than a card has to be seen, and little enough that the page's clock does not run away from the gateway's.
  const pass = () => page.clock.runFor(1500);
  const inTime = (check: () => Promise<boolean>) =>
    vi.waitUntil(
      async () => {
        await pass();
        return check();
      },
      { timeout: 20_000, interval: 500 },
    );
  await inTime(async () => (await page.locator("endcap-recommendations li:not(.skeleton)").count()) > 0);
  // A frame, in which observers report.
  await page.screenshot();
  await pass();
  await page.evaluate("endcap.flush()");
  expect(eventsOf("recommendation_impression")).toEqual([]);
  await page.evaluate("delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))");
  await inTime(async () => eventsOf("recommendation_impression").length > 0);
});

test("a strict policy with Trusted Types and without workers refuses nothing of ours", async () => {
  const nonce = "r4nd0m";
  const { gateway } = stage;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'nonce-${nonce}'`,
    `connect-src ${gateway.origin}`,
    `img-src ${gateway.origin}`,
    "worker-src 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  const manifest = await fetch(`${gateway.origin}/sdk/manifest.json`);
  const { files } = (await manifest.json()) as { files: [{ integrity: string }] };
  const { integrity } = files[0];
  const tag = stage.tag.replace("<script", `<script nonce="${nonce}" crossorigin integrity="${integrity}"`);
  stage.shop.pages.set("/strict", {
    html: `<!doctype html><style nonce="${nonce}">endcap-recommendations { display: block; min-height: 22rem }</style>${tag}<endcap-recommendations placement="home"></endcap-recommendations>`,
    headers: { "content-security-policy": policy },
  });
  await using visit = await stage.visit("/strict");
  await shown(visit.page);
  await visit.page.evaluate("endcap.track('page_view')");
  await gateway.until(() => gateway.events.size > 0);
  expect(visit.problems).toEqual([]);
});

test("screen readers hear a labelled list of links, and the keyboard reaches every one", async () => {
  stage.shop.pages.set("/", {
    html: shopPage(
      '<endcap-recommendations placement="home" heading="Picked for you" limit="6"></endcap-recommendations>',
    ),
  });
  stage.lists.items = recommended(6, stage.gateway.origin);
  await using visit = await stage.visit();
  const { page } = visit;
  await shown(page, 6);
  const region = page.getByRole("region", { name: "Picked for you" });
  expect(await region.getByRole("heading", { level: 2 }).textContent()).toBe("Picked for you");
  expect(await region.getByRole("list").getByRole("listitem").count()).toBe(6);
  expect(
    await region
      .getByRole("link", { name: /^Oak Table/ })
      .first()
      .getAttribute("href"),
  ).toBe(`${stage.shop.origin}/p/item-0`);
  expect(await region.getByRole("button", { name: "Next" }).isEnabled()).toBe(true);
  const focused = "document.activeElement?.shadowRoot?.activeElement?.getAttribute('href')";
  const reached: unknown[] = [];
  for (let i = 0; i < 6; i++) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(focused));
  }
  expect(reached).toEqual(Array.from({ length: 6 }, (_, i) => `${stage.shop.origin}/p/item-${i}`));
});

test("money and direction follow the page", async () => {
  stage.shop.pages.set("/de", {
    html: shopPage('<endcap-recommendations placement="home"></endcap-recommendations>', "", "<html lang=de>"),
  });
  stage.shop.pages.set("/ar", {
    html: shopPage(
      '<endcap-recommendations placement="home" previous="السابق" next="التالي"></endcap-recommendations>',
      "",
      "<html lang=ar dir=rtl>",
    ),
  });
  await using german = await stage.visit("/de");
  await shown(german.page);
  const price = await german.page
    .locator("endcap-recommendations")
    .evaluate((host) => host.shadowRoot?.querySelector(".price")?.textContent);
  expect(price?.replaceAll("\u00a0", " ")).toBe("1.234,50 €");
  await using arabic = await stage.visit("/ar");
  await shown(arabic.page);
  const next = arabic.page.getByRole("button", { name: "التالي" });
  await next.click();
  await arabic.page.waitForFunction(
    'document.querySelector("endcap-recommendations").shadowRoot.querySelector("ul").scrollLeft < -100',
  );
  expect(await shifts(arabic.page)).toBe(0);
});

test("a hostile catalogue cannot run code", async () => {
  stage.shop.pages.set("/", { html: shopPage('<endcap-recommendations placement="home"></endcap-recommendations>') });
  const [first, second, third] = recommended(3, stage.gateway.origin) as { item: Record<string, string> }[];
  if (!first || !second || !third) throw new Error("no items");
  first.item.url = "javascript:window.hit=1";
  second.item.title = "<img src=x onerror=window.hit=1>";
  second.item.imageUrl = "javascript:window.hit=1";
  second.item.currency = "not money";
  stage.lists.items = [first, second, third];
  await using visit = await stage.visit();
  await shown(visit.page, 2);
  expect(await visit.page.evaluate("window.hit")).toBeUndefined();
  expect(await visit.page.getByText("<img src=x").isVisible()).toBe(true);
});

test("changed attributes ask anew and keep the height", async () => {
  stage.shop.pages.set("/", { html: shopPage('<endcap-recommendations placement="home"></endcap-recommendations>') });
  await using visit = await stage.visit();
  const { page } = visit;
  await shown(page);
  stage.lists.items = recommended(4, stage.gateway.origin);
  await page.locator("endcap-recommendations").evaluate((element) => {
    element.setAttribute("items", '["a b", "c,d"]');
    element.setAttribute("limit", "4");
  });
  await page.locator("endcap-recommendations li").nth(4).waitFor({ state: "detached" });
  await shown(page, 4);
  const asked = stage.gateway.requests.filter(({ path }) => path === "/v1/recommendations");
  expect(asked).toHaveLength(2);
  expect(asked[1]?.payload).toMatchObject({ items: ["a b", "c,d"], limit: 4 });
  expect(await shifts(page)).toBe(0);
});

test("a gateway that was away for a moment is asked again, and nothing moves", async () => {
  stage.shop.pages.set("/", { html: shopPage('<endcap-recommendations placement="home"></endcap-recommendations>') });
  let away = 2;
  await using visit = await stage.visit("/blank");
  await visit.page.route("**/v1/recommendations", (route) =>
    away-- > 0 ? route.abort("connectionreset") : route.continue(),
  );
  await visit.page.goto(stage.shop.origin);
  await shown(visit.page);
  expect(await shifts(visit.page)).toBe(0);
});

test("without an element the page loads the tag, then what signs, and nothing else", async () => {
  stage.shop.pages.set("/plain", { html: `<!doctype html>${STUB}${stage.tag}` });
  await using visit = await stage.visit("/plain");
  const { page } = visit;
  await page.waitForFunction("typeof window.endcap.track === 'function'");
  expect(visit.files).toEqual(["/sdk/v1.js"]);
  // The first answer brings a session, and the page loads what signs for it.
  const signs = page.waitForRequest(stage.gateway.origin + stage.sessionFile);
  await page.evaluate("endcap.track('page_view')");
  await signs;
  await page.evaluate("endcap.track('search', { query: 'q' }); endcap.flush()");
  await stage.gateway.until(() => eventsOf("search").length === 1);
  expect(visit.files).toEqual(["/sdk/v1.js", stage.sessionFile]);
});
