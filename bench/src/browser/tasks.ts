/** The tag's tasks on a mid-range phone: how long its code holds the main thread at once, in the thread's own time. */
import type { Browser, CDPSession } from "playwright-core";
import type { RunningShop } from "./shop.ts";

/** Chromium slows the thread down by this much: the profile of a mid-range phone in Lighthouse. */
const THROTTLE = 4;
const SETTLE_MS = 3_000;
const CATEGORIES = "devtools.timeline,disabled-by-default-devtools.timeline";

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

/** One task of the main thread in which code of the tag ran. */
export interface TagTask {
  /** What of it was the tag's: its scripts, its listeners, and the promises' jobs that came with them. */
  readonly ms: number;
  /** What began it, such as `EvaluateScript` or `pagehide`. */
  readonly why: string;
}

/**
 * Visits the shop's home, lets its carousel come, goes to a product in it and on to the basket, all on a slowed main
 * thread. The tag's tasks, longest first.
 */
export async function tagTasks(browser: Browser, { shop }: RunningShop): Promise<TagTask[]> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: THROTTLE });
  const events = await traced(session, async () => {
    await page.goto(`${shop}/`, { waitUntil: "load" });
    await page.locator("endcap-recommendations [part~=card]:not([part~=skeleton]) a").first().click();
    await page.waitForURL("**/products/**", { waitUntil: "load" });
    await page.waitForTimeout(SETTLE_MS);
    await page.goto(`${shop}/basket`, { waitUntil: "load" });
  });
  await context.close();
  return tasksOf(events).sort((a, b) => b.ms - a.ms);
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
const isTags = ({ args }: TraceEvent): boolean => /\/sdk\/\w+\.js/.test(args?.data?.url ?? "");

function tasksOf(events: readonly TraceEvent[]): TagTask[] {
  const calls = events.filter(({ name }) => CALLS.has(name));
  const byTask = new Map<TraceEvent, TraceEvent[]>();
  for (const task of events) {
    if (task.name !== "RunTask") continue;
    const inside = calls.filter((call) => isWithin(call, task));
    // The outermost, so that none counts twice. The shop's own scripts wait for nothing: jobs of promises are the tag's.
    const outer = inside.filter((call) => !inside.some((other) => isWithin(call, other)));
    const own = outer.filter((call) => call.name === "RunMicrotasks" || isTags(call));
    if (own.length > 0) byTask.set(task, own);
  }
  const dispatches = events.filter(({ name }) => name === "EventDispatch");
  return [...byTask].map(([, own]) => {
    const [longest] = own.toSorted((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0));
    const dispatch = dispatches.find((event) => longest && isWithin(longest, event));
    return {
      ms: own.reduce((sum, { tdur = 0 }) => sum + tdur / 1000, 0),
      why: dispatch?.args?.data?.type ?? longest?.name ?? "",
    };
  });
}
