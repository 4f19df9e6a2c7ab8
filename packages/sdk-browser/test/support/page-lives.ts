/**
 * Shoppers whose pages die: of crashes, cut connections, refusals, tab switches, offline spells. What they track must
 * arrive at the real collector all the same, each event once. Everything random comes from the seed. Faults of the
 * network are the browser's own, by its debugging protocol.
 */
import type { CDPSession, Page } from "playwright-core";
import { STUB, type Stage } from "./browser.ts";

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
  /** Sums over all of the collector's answers. That some came again makes the test one. */
  readonly accepted: number;
  readonly duplicates: number;
  /** Events of any kind that it said are durable, each id once: what `accepted` must be, as it is what is billed. */
  readonly durable: number;
  /**
   * Events that stand in a second batch: their page was killed before it had forgotten that they were frozen, and another
   * took them over. They have one id, by which every reader counts them once.
   */
  readonly takenOver: number;
  readonly ends: Readonly<Record<string, number>>;
}

const PATH = "/lives";
const LOADED = "typeof window.endcap.track === 'function'";
const ENDS = ["close", "crash", "hide", "offline", "leave", "second tab"] as const;
const DRAIN_MS_MAX = 90_000;

/** `cut`: the gateway never sees it. `lost`: it does its work, and the page never hears of it. Else what the page hears. */
type Fault = "cut" | "lost" | "503" | "429";
const FAULTS: readonly { readonly below: number; readonly fault: Fault }[] = [
  { below: 0.06, fault: "cut" },
  { below: 0.14, fault: "lost" },
  { below: 0.2, fault: "503" },
  { below: 0.23, fault: "429" },
];

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
  let faulty = true;
  const roll = (): Fault | undefined => {
    const at = faulty ? random() : 1;
    return FAULTS.find(({ below }) => at < below)?.fault;
  };
  // Beacons of a dying page leave a process that the debugging protocol has let go of.
  gateway.override = () => {
    const at = faulty ? random() : 1;
    if (at < 0.04) return "cut";
    return at < 0.1 ? "lost" : undefined;
  };
  shop.pages.set(PATH, { html: `<!doctype html><title>Life</title>${STUB}${stage.tag}<a href="${PATH}">on</a>` });

  async function track(page: Page, ids: readonly string[]): Promise<void> {
    await page.evaluate(`${JSON.stringify(ids)}.forEach((id) => endcap.track("view_item", { items: [id] }))`);
    for (const id of ids) tracked.add(id);
  }

  async function shopper(s: number): Promise<void> {
    const context = await stage.browser.newContext();
    const open = async (): Promise<Page> => {
      const page = await context.newPage();
      await misbehave(await context.newCDPSession(page), gateway.origin, roll);
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
  const inBatches = [...gateway.batches.values()].reduce((sum, count) => sum + count, 0);
  return {
    tracked: tracked.size,
    arrived: [...tracked].filter((id) => arrived.has(id)).length,
    countedTwice: [...arrived.values()].filter((count) => count > 1).length,
    accepted: gateway.counts.accepted,
    duplicates: gateway.counts.duplicates,
    durable: gateway.events.size,
    takenOver: inBatches - gateway.events.size,
    ends,
  };
}

async function misbehave(session: CDPSession, gateway: string, roll: () => Fault | undefined): Promise<void> {
  session.on("Fetch.requestPaused", ({ requestId, request, responseStatusCode }) => {
    const fail = () => session.send("Fetch.failRequest", { requestId, errorReason: "ConnectionReset" });
    const refuse = (responseCode: number, code: string, retryAfter = "") =>
      session.send("Fetch.fulfillRequest", {
        requestId,
        responseCode,
        responseHeaders: Object.entries({
          "access-control-allow-origin": request.headers.Origin ?? "*",
          "access-control-expose-headers": "retry-after",
          ...(retryAfter !== "" && { "retry-after": retryAfter }),
        }).map(([name, value]) => ({ name, value })),
        body: Buffer.from(JSON.stringify({ code })).toString("base64"),
      });
    const act = () => {
      // Paused again, with its answer: the one that is lost.
      if (responseStatusCode !== undefined) return fail();
      const fault = roll();
      if (fault === "cut") return fail();
      if (fault === "503") return refuse(503, "overloaded");
      if (fault === "429") return refuse(429, "rate_limited", "1");
      return session.send("Fetch.continueRequest", { requestId, interceptResponse: fault === "lost" });
    };
    // The page may be gone, and its requests with it.
    act().catch(() => undefined);
  });
  await session.send("Fetch.enable", { patterns: [{ urlPattern: `${gateway}/v1/*` }] });
}

/** The renderer dies at once: no pagehide, no beacon. */
async function crash(session: CDPSession): Promise<void> {
  // It never answers.
  session.send("Page.crash").catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
