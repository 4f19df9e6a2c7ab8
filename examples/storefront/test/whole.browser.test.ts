import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { complaints, desktop, launch } from "./support/browser.ts";
import { livePages } from "./support/page-lives.ts";
import { type Running, Whole } from "./support/whole.ts";

/** `npm start` and a shopper. */

let browser: Browser;
let whole: Whole;
let running: Running;

beforeAll(async () => {
  whole = await Whole.inDirectoryOfItsOwn();
  browser = await launch();
  running = await whole.run();
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await whole[Symbol.asyncDispose]();
});

/** What the recommendations element shows, once it shows something of its own. */
async function recommended(page: Page, placement: string): Promise<{ id: string; reason: string }[]> {
  const cards = page.locator(`endcap-recommendations[placement=${placement}] >> [part~=card]:not([part~=skeleton])`);
  await cards.first().waitFor();
  return cards.evaluateAll((found) =>
    found.map((card) => ({
      id: new URL(card.querySelector("a")?.href ?? "about:blank").pathname.replace("/products/", ""),
      reason: card.querySelector("[part~=reason]")?.textContent ?? "",
    })),
  );
}

test("three views change what home shows, without a preflight, and a second start has forgotten nothing", async () => {
  const { shop, gateway } = running;
  const accepted = whole.followEvents(running);
  const context = await browser.newContext({ viewport: desktop });
  const page = await context.newPage();
  const told = complaints(page);
  const preflights = await watchPreflights(context, page, gateway);

  await page.goto(shop);
  await recommended(page, "home");
  const viewed = await viewThree(page, shop);
  await page.goto(shop);
  expect(newBecauseOf(await recommended(page, "home"), viewed)).not.toEqual([]);

  await page.goto(`${shop}/products/${viewed[0]}`);
  expect((await recommended(page, "product")).map(({ id }) => id)).not.toContain(viewed[0]);
  await page.getByRole("button", { name: /Add to basket/ }).click();
  await page.waitForURL("**/basket");
  expect(await recommended(page, "cart")).not.toEqual([]);
  await expect
    .poll(accepted, { timeout: 10_000 })
    .toEqual(expect.arrayContaining([...viewed.map((id) => `view_item ${id}`), `add_to_cart ${viewed[0]}`]));
  expect(preflights()).toBe(0);

  expect(await whole.stop()).toBeLessThan(5);
  running = await whole.run(running);
  expect(running.output).not.toMatch(/Catalogue|Shoppers|Training/);
  await page.goto(shop);
  expect(newBecauseOf(await recommended(page, "home"), viewed)).not.toEqual([]);
  expect(told).toEqual([]);
  await context.close();
}, 180_000);

test("pages that die, answers that are lost and networks that are cut: the collector has each event once", async () => {
  const lives = { lives: 14, eventsPerLife: 5, shoppers: 1 };
  const result = await livePages(browser, running, whole.followEvents(running), lives);
  expect(result).toMatchObject({ tracked: 70, arrived: 70, countedTwice: 0 });
  expect(result.answersLost).toBeGreaterThan(0);
}, 180_000);

/** Items never viewed whose reason names a view. */
function newBecauseOf(shown: { id: string; reason: string }[], viewed: string[]): string[] {
  return shown
    .filter(({ id, reason }) => !viewed.includes(id) && /because you viewed/i.test(reason))
    .map(({ id }) => id);
}

async function viewThree(page: Page, shop: string): Promise<string[]> {
  await page.goto(`${shop}/shelves/coffee-and-tea?kind=Moka+pots`);
  const links = await page
    .locator(".shelf .card a")
    .evaluateAll((found) => found.slice(0, 3).map((link) => (link as HTMLAnchorElement).href));
  for (const link of links) {
    await page.goto(link);
    await recommended(page, "product");
  }
  return links.map((link) => new URL(link).pathname.replace("/products/", ""));
}

/** Preflights are the network stack's own requests: only the debugger's protocol shows them. */
async function watchPreflights(context: BrowserContext, page: Page, gateway: string): Promise<() => number> {
  const session = await context.newCDPSession(page);
  let count = 0;
  session.on("Network.requestWillBeSent", ({ type, request }) => {
    if (type === "Preflight" && request.url.startsWith(gateway)) count += 1;
  });
  await session.send("Network.enable");
  return () => count;
}
