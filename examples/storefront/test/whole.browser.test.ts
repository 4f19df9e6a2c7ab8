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

interface Running {
  child: ChildProcess;
  shop: string;
  gateway: string;
  control: string;
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

/** Free ports, or those of an earlier run, so that a browser meets the same origins again. */
async function run(earlier?: Running): Promise<Running> {
  const port = (origin: string | undefined) => (origin === undefined ? "0" : new URL(origin).port);
  const ports = {
    shop: port(earlier?.shop),
    gateway: port(earlier?.gateway),
    control: port(earlier?.control),
    collector: "0",
    ml: "0",
  };
  const flags = Object.entries(ports).flatMap(([name, value]) => [`--${name}-port`, value]);
  const child = spawn(process.execPath, [start, "--data", join(directory, "data"), "--shoppers", "600", ...flags], {
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
  const [shop, gateway, control] = ["shop", "gateway", "admin"].map(
    (name) => new RegExp(`(http:\\S+) +the ${name}`).exec(output)?.[1],
  );
  if (shop === undefined || gateway === undefined || control === undefined) throw new Error(output);
  running = { child, shop, gateway, control, output };
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

test("three views change what home shows, without a preflight, and a second start has forgotten nothing", async () => {
  const first = await run();
  const { shop, gateway, control } = first;
  const accepted = followEvents(control);
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

  expect(await stop()).toBeLessThan(5);
  const second = await run(first);
  expect(second.output).not.toMatch(/Catalogue|Shoppers|Training/);
  await page.goto(shop);
  expect(newBecauseOf(await recommended(page, "home"), viewed)).not.toEqual([]);
  expect(told).toEqual([]);
  await context.close();
}, 180_000);

const ENDS = ["closed", "left", "answers lost", "network cut", "crashed"] as const;

test("pages that die, answers that are lost and networks that are cut: the collector has each event once", async () => {
  const { shop, gateway, control } = running ?? (await run());
  const accepted = followEvents(control);
  const context = await browser.newContext({ viewport: desktop });
  const open = async () => {
    const page = await context.newPage();
    await page.goto(shop);
    await page.waitForFunction("typeof window.endcap?.track === 'function'");
    return { page, session: await context.newCDPSession(page) };
  };
  const tracked: string[] = [];
  let lost = 0;
  for (const [life, end] of [...ENDS, ...ENDS].entries()) {
    const { page, session } = await open();
    if (end === "network cut") {
      await session.send("Network.enable");
      const none = { latency: 0, downloadThroughput: 0, uploadThroughput: 0 };
      await session.send("Network.emulateNetworkConditions", { offline: true, ...none });
    }
    // Stored, but the page never hears of it.
    const answered = Promise.withResolvers<void>();
    if (end === "answers lost") {
      session.on("Fetch.requestPaused", ({ requestId }) => {
        lost++;
        answered.resolve();
        session.send("Fetch.failRequest", { requestId, errorReason: "ConnectionReset" }).catch(() => undefined);
      });
      const patterns = [{ urlPattern: `${gateway}/v1/events*`, requestStage: "Response" as const }];
      await session.send("Fetch.enable", { patterns });
    } else answered.resolve();
    const ids = Array.from({ length: 5 }, (_, i) => `life-${life}-${i}`);
    await page.evaluate(`${JSON.stringify(ids)}.forEach((id) => endcap.track("view_item", { items: [id] }))`);
    tracked.push(...ids.map((id) => `view_item ${id}`));
    await answered.promise;
    if (end === "left") await page.goto(`${shop}/basket`);
    if (end === "crashed") {
      // It never answers.
      session.send("Page.crash").catch(() => undefined);
      await page.waitForEvent("crash");
    }
    await page.close();
  }
  // A good day: what a crashed page left behind is taken over after ten seconds.
  const { page } = await open();
  const lives = () => accepted().filter((line) => line.startsWith("view_item life-"));
  await expect
    .poll(
      async () => {
        await page.evaluate("endcap.track('page_view'); endcap.flush()");
        return new Set(lives()).size;
      },
      { timeout: 60_000, interval: 500 },
    )
    .toBe(tracked.length);
  expect(lives().sort()).toEqual(tracked.sort());
  expect(lost).toBeGreaterThan(0);
  await context.close();
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

/** What the collector has accepted since the call, as "type item": control hands its stream through. */
function followEvents(console: string): () => string[] {
  const lines: string[] = [];
  const read = async () => {
    const { origin } = new URL(console);
    const token = (await readFile(join(directory, "data/control/admin.token"), "utf8")).trim();
    const { body } = await fetch(`${origin}/v1/tenants/demo-shop/events`, {
      headers: { authorization: `Bearer ${token}` },
    });
    let rest = "";
    for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const whole = (rest + text).split("\n");
      rest = whole.pop() ?? "";
      for (const line of whole.filter((line) => line !== "")) {
        const { type, items } = JSON.parse(line);
        lines.push(`${type} ${items?.[0]?.id}`);
      }
    }
  };
  // The stream ends with control, in the middle of whatever it is doing.
  read().catch((error: unknown) => lines.push(String(error)));
  return () => lines;
}
