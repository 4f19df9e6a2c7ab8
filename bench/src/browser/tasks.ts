/** Tasks of the main thread on a mid-range phone, in the thread's own time: those of the tag's code, and the page's own. */
import type { Browser, CDPSession, Page } from "playwright-core";
import type { RunningShop } from "./shop.ts";

/** Chromium slows the thread down by this much: the profile of a mid-range phone in Lighthouse. */
const THROTTLE = 4;
const SETTLE_MS = 3_000;
const CARD_LOOK_MS = 500;
const CARD_LOOKS_MAX = 40;
/** `v8.execute` has the jobs of promises. Without it nothing that follows an `await` would be seen. */
const CATEGORIES = "devtools.timeline,disabled-by-default-devtools.timeline,v8.execute";

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds; `tdur` is what the thread itself ran, whoever else the machine served meanwhile. */
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly data?: { readonly url?: string; readonly type?: string } };
}

export interface Tasks {
  /**
   * The longest time that one task gave to the tag's code: its scripts, its listeners, the jobs of its promises, and the
   * layout that it asked for. 0 without a tag.
   */
  readonly tagMs: number;
  /** What began that task, such as `EvaluateScript` or `pagehide`. */
  readonly why: string;
  /** The longest task of all: the shop's parsing, styles, layout and painting among them. */
  readonly anyMs: number;
}

/** Visits the shop's home, lets its carousel come, goes to a product and on to the basket, all on a slowed main thread. */
export async function longestTasks(browser: Browser, { shop, gateway }: RunningShop, withTag: boolean): Promise<Tasks> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const page = await context.newPage();
  if (!withTag) await page.route(`${gateway}/sdk/**`, (route) => route.abort());
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: THROTTLE });
  const events = await traced(session, async () => {
    await page.goto(`${shop}/`, { waitUntil: "load" });
    await clickProduct(page, session, withTag);
    await page.waitForURL("**/products/**", { waitUntil: "load" });
    await page.waitForTimeout(SETTLE_MS);
    await page.goto(`${shop}/basket`, { waitUntil: "load" });
  });
  await context.close();
  return tasksOf(events);
}

/** Finds, scrolls to and clicks a product by the protocol alone: a script that looks for it would be in the trace. */
async function clickProduct(page: Page, session: CDPSession, recommended: boolean): Promise<void> {
  await session.send("DOM.enable");
  for (let asked = 0; asked < CARD_LOOKS_MAX; asked++) {
    await page.waitForTimeout(CARD_LOOK_MS);
    const { nodes } = await session.send("DOM.getFlattenedDocument", { depth: -1, pierce: true });
    const link = nodes.find(({ localName, attributes = [] }) => {
      const { href = "", part } = Object.fromEntries(attributes.map((text, i) => [text, attributes[i + 1]]));
      return localName === "a" && href.includes("/products/") && (part === "link") === recommended;
    });
    if (!link) continue;
    const { nodeId } = link;
    await session.send("DOM.scrollIntoViewIfNeeded", { nodeId });
    const { quads } = await session.send("DOM.getContentQuads", { nodeId });
    const [left = 0, top = 0, right = 0, , , bottom = 0] = quads[0] ?? [];
    await page.mouse.click((left + right) / 2, (top + bottom) / 2);
    return;
  }
  throw new Error("no product came to be clicked");
}

async function traced(session: CDPSession, work: () => Promise<void>): Promise<TraceEvent[]> {
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send("Tracing.start", { transferMode: "ReportEvents", categories: CATEGORIES });
  await work();
  const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await complete;
  return events;
}

const endOf = ({ ts, dur = 0 }: TraceEvent): number => ts + dur;
const isWithin = (inner: TraceEvent, outer: TraceEvent): boolean =>
  inner !== outer &&
  inner.pid === outer.pid &&
  inner.tid === outer.tid &&
  inner.ts >= outer.ts &&
  endOf(inner) <= endOf(outer);
const CALLS: ReadonlySet<string> = new Set(["EvaluateScript", "FunctionCall", "v8.evaluateModule", "RunMicrotasks"]);
const BROWSERS: ReadonlySet<string> = new Set(["ParseHTML", "PrePaint", "Layerize", "Commit"]);
const urlOf = ({ args }: TraceEvent): string => args?.data?.url ?? "";
const isTags = (call: TraceEvent): boolean => /\/sdk\/\w+\.js/.test(urlOf(call));
/** This bench's own look at the page. */
const isOurs = (call: TraceEvent): boolean => call.name === "EvaluateScript" && urlOf(call) === "";

function tasksOf(events: readonly TraceEvent[]): Tasks {
  const calls = events.filter(({ name }) => CALLS.has(name));
  const dispatches = events.filter(({ name }) => name === "EventDispatch");
  const isPages = new Set(events.filter(({ name }) => name === "ParseHTML").map(({ pid, tid }) => `${pid} ${tid}`));
  let longest: Tasks = { tagMs: 0, why: "", anyMs: 0 };
  for (const task of events) {
    if (task.name !== "RunTask" || !isPages.has(`${task.pid} ${task.tid}`)) continue;
    const inside = calls.filter((call) => isWithin(call, task));
    if (inside.some(isOurs)) continue;
    longest = { ...longest, anyMs: Math.max(longest.anyMs, ms(task)) };
    // The outermost, so that none counts twice. The shop's own scripts wait for nothing: jobs of promises are the tag's.
    const outer = inside.filter((call) => !inside.some((other) => isWithin(call, other)));
    // A frame and the parser end with jobs of their own.
    const isBrowsers = !outer.some(isTags) && events.some((event) => BROWSERS.has(event.name) && isWithin(event, task));
    const own = outer.filter((call) => (call.name === "RunMicrotasks" && !isBrowsers) || isTags(call));
    const tagMs = own.reduce((sum, call) => sum + ms(call), 0);
    if (tagMs <= longest.tagMs) continue;
    const [most] = own.toSorted((a, b) => ms(b) - ms(a));
    const dispatch = dispatches.find((event) => most && isWithin(most, event));
    longest = { ...longest, tagMs, why: dispatch?.args?.data?.type ?? most?.name ?? "" };
  }
  return longest;
}

const ms = ({ tdur = 0 }: TraceEvent): number => tdur / 1000;
