import type { Browser, CDPSession, Page } from "playwright-core";
import { expect } from "vitest";
import type { Running } from "./whole.ts";

export interface LivesOptions {
  readonly lives: number;
  readonly eventsPerLife: number;
  /** Shoppers side by side, each in a browser context of its own. */
  readonly shoppers: number;
}

export interface LivesResult {
  readonly tracked: number;
  readonly arrived: number;
  readonly countedTwice: number;
  /** Answers to stored events that the page never got to see. */
  readonly answersLost: number;
}

const ENDS = ["closed", "left", "answers lost", "network cut", "crashed", "hidden", "second tab"] as const;
const drainMsMax = 120_000;

/**
 * Pages of the shop that live shortly and end in one of seven ways in turn, before the real gateway and collector. What
 * they track must be accepted, each event once. Faults are the browser's own (its debugging protocol).
 */
export async function livePages(
  browser: Browser,
  { shop, gateway }: Running,
  accepted: () => readonly string[],
  { lives, eventsPerLife, shoppers }: LivesOptions,
): Promise<LivesResult> {
  const tracked = new Set<string>();
  let answersLost = 0;
  let next = 0;
  const seen = () => accepted().filter((line) => line.startsWith("view_item life-"));

  async function shopper(): Promise<void> {
    const context = await browser.newContext();
    const open = async () => {
      const page = await context.newPage();
      await page.goto(shop);
      await page.waitForFunction("typeof window.endcap?.track === 'function'");
      return { page, session: await context.newCDPSession(page) };
    };
    const mine: string[] = [];
    const track = async (page: Page, ids: readonly string[]) => {
      await page.evaluate(`${JSON.stringify(ids)}.forEach((id) => endcap.track("view_item", { items: [id] }))`);
      mine.push(...ids.map((id) => `view_item ${id}`));
    };
    for (let life = next++; life < lives; life = next++) {
      const end = ENDS[life % ENDS.length];
      const { page, session } = await open();
      if (end === "network cut") await cutNetwork(session);
      const lost = end === "answers lost" ? loseAnswers(session, gateway) : undefined;
      await lost?.ready;
      const ids = Array.from({ length: eventsPerLife }, (_, i) => `life-${life}-${i}`);
      const other = end === "second tab" ? await open() : undefined;
      const half = other === undefined ? ids.length : ids.length >> 1;
      await track(page, ids.slice(0, half));
      if (other !== undefined) await track(other.page, ids.slice(half));
      await lost?.first;
      answersLost += lost?.count() ?? 0;
      if (end === "left") await page.goto(`${shop}/basket`);
      if (end === "hidden") await hide(page);
      if (end === "crashed") {
        // It never answers.
        session.send("Page.crash").catch(() => undefined);
        await page.waitForEvent("crash");
      }
      await Promise.all([page.close(), other?.page.close()]);
    }
    for (const event of mine) tracked.add(event);
    // A good day: what a crashed page left behind is taken over after ten seconds.
    const { page } = await open();
    await expect
      .poll(
        async () => {
          await page.evaluate("endcap.track('page_view'); endcap.flush()");
          const there = new Set(seen());
          return mine.filter((event) => !there.has(event)).length;
        },
        { timeout: drainMsMax, interval: 500 },
      )
      .toBe(0);
    await context.close();
  }

  await Promise.all(Array.from({ length: shoppers }, shopper));
  const arrived = new Map<string, number>();
  for (const event of seen()) arrived.set(event, (arrived.get(event) ?? 0) + 1);
  return {
    tracked: tracked.size,
    arrived: [...tracked].filter((event) => arrived.has(event)).length,
    countedTwice: [...arrived.values()].filter((count) => count > 1).length,
    answersLost,
  };
}

async function cutNetwork(session: CDPSession): Promise<void> {
  await session.send("Network.enable");
  const none = { latency: 0, downloadThroughput: 0, uploadThroughput: 0 };
  await session.send("Network.emulateNetworkConditions", { offline: true, ...none });
}

/** Events are stored, and the page never hears of it. `first` resolves at the first of them. */
function loseAnswers(session: CDPSession, gateway: string) {
  const first = Promise.withResolvers<void>();
  let count = 0;
  session.on("Fetch.requestPaused", ({ requestId }) => {
    count++;
    first.resolve();
    session.send("Fetch.failRequest", { requestId, errorReason: "ConnectionReset" }).catch(() => undefined);
  });
  const patterns = [{ urlPattern: `${gateway}/v1/events*`, requestStage: "Response" as const }];
  return { ready: session.send("Fetch.enable", { patterns }), first: first.promise, count: () => count };
}

async function hide(page: Page): Promise<void> {
  await page.evaluate(
    "Object.defineProperty(document, 'visibilityState', { value: 'hidden' }); document.dispatchEvent(new Event('visibilitychange'))",
  );
}
