import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { complaints, desktop, launch } from "./support/browser.ts";

/** `npm start` and a shopper: the whole product on real parts, on free ports, in a directory of its own. */

const start = fileURLToPath(new URL("../src/start.ts", import.meta.url));
const free = ["shop", "gateway", "control", "collector", "ml"].flatMap((name) => [`--${name}-port`, "0"]);

interface Running {
  child: ChildProcess;
  shop: string;
  gateway: string;
  output: string;
}

let directory: string;
let browser: Browser;
let running: Running | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "storefront-"));
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await stop();
  await rm(directory, { recursive: true, force: true });
});

async function run(): Promise<Running> {
  const child = spawn(process.execPath, [start, "--data", join(directory, "data"), "--shoppers", "600", ...free], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (text) => {
    output += text;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    output += `${line}\n`;
    if (line.startsWith("Ctrl-C")) break;
  }
  const [, shop, gateway] = /(http:\S+) +the shop[\s\S]*?(http:\S+) +the gateway/.exec(output) ?? [];
  if (shop === undefined || gateway === undefined) throw new Error(output);
  running = { child, shop, gateway, output };
  return running;
}

/** Ctrl-C, and how many seconds it took. */
async function stop(): Promise<number> {
  const child = running?.child;
  running = undefined;
  if (child === undefined || child.exitCode !== null) return 0;
  const began = performance.now();
  const exited = once(child, "exit");
  child.kill("SIGINT");
  expect((await exited)[0]).toBe(0);
  return (performance.now() - began) / 1000;
}

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

test("three views change what home shows, the events are on disk, and a second start finds it all", async () => {
  const { shop, gateway } = await run();
  const context = await browser.newContext({ viewport: desktop });
  const page = await context.newPage();
  const told = complaints(page);
  const preflights = await watchPreflights(context, page, gateway);

  await page.goto(shop);
  await recommended(page, "home");
  const viewed = await viewThree(page, shop);
  await page.goto(shop);
  const home = await recommended(page, "home");
  const because = home.filter(({ id, reason }) => !viewed.includes(id) && /because you viewed/i.test(reason));
  expect(because.length, JSON.stringify(home)).toBeGreaterThan(0);

  await page.goto(`${shop}/products/${viewed[0]}`);
  expect(await recommended(page, "product")).not.toContainEqual(expect.objectContaining({ id: viewed[0] }));
  await page.getByRole("button", { name: /Add to basket/ }).click();
  await page.waitForURL("**/basket");
  expect((await recommended(page, "cart")).length).toBeGreaterThan(0);

  expect(preflights()).toBe(0);
  expect(told).toEqual([]);
  const stored = await storedEvents(["view_item", "add_to_cart"]);
  expect(stored).toEqual(
    expect.arrayContaining([...viewed.map((id) => `view_item ${id}`), `add_to_cart ${viewed[0]}`]),
  );
  await context.close();

  expect(await stop()).toBeLessThan(5);
  const again = await run();
  expect(again.output).not.toMatch(/Shoppers|Training/);
  expect(await storedEvents(["add_to_cart"])).toContain(`add_to_cart ${viewed[0]}`);
}, 180_000);

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

/** The newest events of the store, as "type item". */
async function storedEvents(types: string[]): Promise<string[]> {
  const { url } = JSON.parse(await readFile(join(directory, "data/control/admin.json"), "utf8"));
  const token = (await readFile(join(directory, "data/control/admin.token"), "utf8")).trim();
  const response = await fetch(`${url}/v1/tenants/demo-shop/events?follow=false&recent=100`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ type }) => types.includes(type))
    .map(({ type, items }) => `${type} ${items?.[0]?.id}`);
}
