/**
 * Shoppers whose pages die: of crashes, cut connections, refusals, tab switches, offline spells. What they track must
 * arrive all the same, each event once. Everything random comes from the seed.
 */
import type { CDPSession, Page } from "playwright-core";
import { STUB, type Stage } from "./browser.ts";
import type { Override } from "./gateway.ts";

export interface LivesOptions {
  readonly shoppers: number;
  readonly livesPerShopper: number;
  readonly eventsPerLife: number;
  readonly seed: number;
}

export interface LivesResult {
  readonly tracked: number;
  readonly arrived: number;
  /** Events that are counted more than once: two ids for one fact. */
  readonly countedTwice: number;
  /** Times a batch came again and was answered as a duplicate: that it happens is what makes the test one. */
  readonly resent: number;
  readonly ends: Readonly<Record<string, number>>;
}

const PATH = "/lives";
const LOADED = "typeof window.endcap.track === 'function'";
const ENDS = ["close", "crash", "hide", "offline", "leave", "second tab"] as const;
const DRAIN_MS_MAX = 90_000;

/** mulberry32: small, seeded, good enough to shuffle faults. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export async function livePages(stage: Stage, options: LivesOptions): Promise<LivesResult> {
  const { gateway, shop } = stage;
  const random = seeded(options.seed);
  const ends: Record<string, number> = {};
  const tracked = new Set<string>();
  const batches = new Map<string, number>();
  let faulty = true;
  const misbehave: Override = ({ path, payload }) => {
    const batchId = path === "/v1/events" ? (payload.batchId as string) : undefined;
    if (batchId) batches.set(batchId, (batches.get(batchId) ?? 0) + 1);
    const roll = faulty ? random() : 1;
    if (roll < 0.08) return "cut";
    // Stored, but the page never hears of it.
    if (roll < 0.2) return "lost";
    if (roll < 0.26) return { status: 503, body: { code: "overloaded" } };
    if (roll < 0.29) return { status: 429, body: { code: "rate_limited" }, headers: { "retry-after": "1" } };
    return undefined;
  };
  gateway.override = misbehave;
  shop.pages.set(PATH, { html: `<!doctype html><title>Life</title>${STUB}${stage.tag}<a href="${PATH}">on</a>` });

  async function track(page: Page, ids: readonly string[]): Promise<void> {
    await page.evaluate(`${JSON.stringify(ids)}.forEach((id) => endcap.track("view_item", { items: [id] }))`);
    for (const id of ids) tracked.add(id);
  }

  async function shopper(s: number): Promise<void> {
    const context = await stage.browser.newContext();
    const open = async (): Promise<Page> => {
      const page = await context.newPage();
      await page.goto(shop.origin + PATH);
      await page.waitForFunction(LOADED);
      return page;
    };
    for (let life = 0; life < options.livesPerShopper; life++) {
      const page = await open();
      const end = ENDS[Math.floor(random() * ENDS.length)] ?? "close";
      ends[end] = (ends[end] ?? 0) + 1;
      const ids = Array.from({ length: options.eventsPerLife }, (_, i) => `s${s}-l${life}-e${i}`);
      const early = ids.splice(0, Math.floor(random() * ids.length));
      await track(page, early);
      await page.waitForTimeout(random() * 300);
      if (end === "offline") await context.setOffline(true);
      const other = end === "second tab" ? await open() : undefined;
      await track(other ?? page, ids);
      if (end === "leave") await page.click("a");
      if (end === "hide") {
        await page.evaluate(
          "Object.defineProperty(document, 'visibilityState', { value: 'hidden' }); document.dispatchEvent(new Event('visibilitychange'))",
        );
      }
      if (end === "crash") await crash(await context.newCDPSession(page));
      await Promise.all([page.close(), other?.close()]);
      if (end === "offline") await context.setOffline(false);
    }
    // The shopper comes back on a good day; what a crashed page had not frozen is taken over after ten seconds.
    await finished;
    const last = await open();
    const mine = () => [...tracked].filter((id) => id.startsWith(`s${s}-`) && !arrivals().has(id)).length;
    const until = performance.now() + DRAIN_MS_MAX;
    while (mine() > 0 && performance.now() < until) {
      await last.evaluate("endcap.track('page_view'); endcap.flush()");
      await last.waitForTimeout(250);
    }
    await context.close();
  }

  function arrivals(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { type, items } of gateway.events.values()) {
      const id = items?.[0]?.id;
      if (type === "view_item" && id) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return counts;
  }

  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  let alive = options.shoppers * options.livesPerShopper;
  const watch = setInterval(() => {
    alive = options.shoppers * options.livesPerShopper - Object.values(ends).reduce((sum, n) => sum + n, 0);
    if (alive > 0) return;
    clearInterval(watch);
    faulty = false;
    finish();
  }, 100);
  await Promise.all(Array.from({ length: options.shoppers }, (_, s) => shopper(s)));

  const arrived = arrivals();
  return {
    tracked: tracked.size,
    arrived: [...tracked].filter((id) => arrived.has(id)).length,
    countedTwice: [...arrived.values()].filter((count) => count > 1).length,
    resent: [...batches.values()].filter((count) => count > 1).length,
    ends,
  };
}

/** The renderer dies at once: no pagehide, no beacon. */
async function crash(session: CDPSession): Promise<void> {
  // It never answers.
  session.send("Page.crash").catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
