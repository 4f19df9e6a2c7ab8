import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Catalogue } from "../src/catalogue/catalogue.ts";
import { buildShop } from "../src/server/app.ts";
import { complaints, desktop, launch, phone } from "./support/browser.ts";

const catalogue = Catalogue.seeded();
const product = catalogue.products.find(
  ({ availability, pricePence }) => availability === "in_stock" && pricePence > 6000,
);
if (product === undefined) throw new Error("nothing to sell");

let browser: Browser;
let shop: FastifyInstance;
let origin: string;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "storefront-"));
  shop = await buildShop({
    catalogue,
    ordersPath: join(directory, "orders.ndjson"),
    cookieSecret: "a secret of the test that is long enough",
    // Nothing listens there: the gateway is down for as long as these tests run.
    endcap: () => ({ endpoint: "http://127.0.0.1:1024", publishableKey: "pk_live_x", createUserToken: () => "token" }),
    logLevel: "silent",
  });
  origin = await shop.listen({ host: "127.0.0.1", port: 0 });
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await shop?.close();
  await rm(directory, { recursive: true });
});

const dataLayer = (page: Page) =>
  page.evaluate(() =>
    (window as unknown as { dataLayer: { event?: string }[] }).dataLayer.flatMap(({ event }) => event ?? []),
  );

describe("with the gateway down", () => {
  test.each([
    ["desktop", desktop],
    ["phone", phone],
  ])("every page stands on a %s: no error, no refusal, nothing wider than the screen", async (_name, viewport) => {
    const page = await browser.newPage({ viewport });
    const told = complaints(page);
    for (const path of [
      "/",
      "/departments/kitchen",
      "/shelves/coffee-and-tea",
      `/products/${product.id}`,
      "/basket",
      "/search?q=tent",
      "/account",
      "/nowhere",
    ]) {
      await page.goto(origin + path);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0);
      expect(
        await page.evaluate(
          () => [...document.images].filter((image) => image.complete && image.naturalWidth === 0).length,
        ),
        path,
      ).toBe(0);
    }
    expect(told).toEqual([]);
    await page.close();
  });

  test("the shop's own row stands where recommendations would", async () => {
    const page = await browser.newPage({ viewport: desktop });
    await page.goto(origin);
    const row = page.locator("endcap-recommendations .card").first();
    await row.waitFor({ state: "visible" });
    await row.scrollIntoViewIfNeeded();
    await expect
      .poll(() => page.locator("endcap-recommendations > .shelf").evaluate((list) => getComputedStyle(list).opacity), {
        timeout: 10_000,
      })
      .toBe("1");
    await page.close();
  });

  test("nothing moves while the page settles", async () => {
    const page = await browser.newPage({ viewport: desktop });
    await page.goto(`${origin}/products/${product.id}`);
    const shift = await page.evaluate(async () => {
      let sum = 0;
      const add = (entries: PerformanceEntryList) => {
        for (const entry of entries) sum += (entry as unknown as { value: number }).value;
      };
      const observer = new PerformanceObserver((list) => add(list.getEntries()));
      observer.observe({ type: "layout-shift", buffered: true });
      // The shop's own row comes to the fore when nothing else came: after that the page is as it stays.
      await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
      for (let frame = 0; frame < 2; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
      add(observer.takeRecords());
      return sum;
    });
    expect(shift).toBeLessThan(0.01);
    await page.close();
  });
});

test("from a look to a purchase, each step is on dataLayer once", async () => {
  const context = await browser.newContext({ viewport: desktop });
  const page = await context.newPage();
  await page.goto(`${origin}/products/${product.id}`);
  expect(await dataLayer(page)).toEqual(["view_item"]);

  // The page is left as soon as the form is sent, so what it pushed then is kept aside.
  await page.evaluate(() => {
    const { dataLayer } = window as unknown as { dataLayer: unknown[] };
    const push = dataLayer.push.bind(dataLayer);
    dataLayer.push = (...entries) => {
      sessionStorage.setItem("last", JSON.stringify(entries.at(-1)));
      return push(...entries);
    };
  });
  await page.getByLabel("Quantity").fill("2");
  await page.getByRole("button", { name: /Add to basket/ }).click();
  await page.waitForURL("**/basket");
  expect(await page.evaluate(() => JSON.parse(sessionStorage.getItem("last") ?? "{}"))).toMatchObject({
    event: "add_to_cart",
    ecommerce: { value: (product.pricePence * 2) / 100, items: [{ item_id: product.id, quantity: 2 }] },
  });
  expect(await dataLayer(page)).toEqual(["view_cart"]);

  await page.getByRole("link", { name: "Check out" }).click();
  for (const [label, value] of [
    ["Name", "Ada Byron"],
    ["E-mail", "ada@example.com"],
    ["Street and number", "1 Engine Row"],
    ["Town", "Ockham"],
    ["Postcode", "GU23"],
  ]) {
    await page.getByLabel(label ?? "").fill(value ?? "");
  }
  expect(await dataLayer(page)).toEqual(["begin_checkout"]);
  await page.getByRole("button", { name: /Place order/ }).click();
  await page.waitForURL("**/orders/*");
  expect(await dataLayer(page)).toEqual(["purchase"]);
  await page.reload();
  expect(await dataLayer(page)).toEqual([]);
  await context.close();
});

test("localhost leads to the one address that the shop's cookies know", async () => {
  const page = await browser.newPage();
  await page.goto(`${origin.replace("127.0.0.1", "localhost")}/search?q=tent`);
  expect(page.url()).toBe(`${origin}/search?q=tent`);
  await page.close();
});

test("without scripts the shop still sells", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${origin}/products/${product.id}`);
  await page.getByRole("button", { name: /Add to basket/ }).click();
  await page.locator(".line-quantity input[type=number]").fill("3");
  await page.getByRole("button", { name: "Update" }).click();
  expect(await page.locator(".count").textContent()).toBe("3");
  await context.close();
});
