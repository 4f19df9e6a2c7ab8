/** The tag's tasks on a mid-range phone: what one of them holds the main thread for, in the thread's own time. */
import type { Browser, CDPSession } from "playwright-core";
import type { RunningShop } from "./shop.ts";

/** Chromium slows the thread down by this much: the profile of a mid-range phone in Lighthouse. */
const THROTTLE = 4;
const SETTLE_MS = 4_000;
const CATEGORIES = "devtools.timeline,disabled-by-default-devtools.timeline,v8.execute,disabled-by-default-v8.compile";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds; `tdur` is what the thread itself ran, whoever else the machine served meanwhile. */
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly data?: { readonly url?: string }; readonly fileName?: string };
}

export interface TaskTimes {
  /** The longest task in which code of the tag ran, whatever else ran in it. */
  readonly longestMs: number;
  /** How many there were. */
  readonly tasks: number;
}

/** Visits the shop's home, lets its carousel come, looks at a product and leaves; all on a slowed main thread. */
export async function longestTask(browser: Browser, { shop }: RunningShop): Promise<TaskTimes> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: THROTTLE });
  const events = await traced(session, async () => {
    await page.goto(`${shop}/`, { waitUntil: "load" });
    await page.waitForTimeout(SETTLE_MS);
    await page.locator("a[href^='/products/']").first().click();
    await page.waitForLoadState("load");
    await page.waitForTimeout(SETTLE_MS);
    await page.goto(`${shop}/basket`, { waitUntil: "load" });
  });
  await context.close();
  const ours = events.filter(isOurs);
  const tasks = events.filter(
    (task) =>
      task.name === "RunTask" &&
      ours.some(({ pid, tid, ts }) => pid === task.pid && tid === task.tid && ts >= task.ts && ts <= endOf(task)),
  );
  return { longestMs: Math.max(0, ...tasks.map(({ tdur = 0 }) => tdur / 1000)), tasks: tasks.length };
}

const endOf = ({ ts, dur = 0 }: TraceEvent): number => ts + dur;

const isOurs = ({ name, args }: TraceEvent): boolean =>
  /^(EvaluateScript|FunctionCall|v8\.compile|v8\.compileModule|v8\.evaluateModule)$/.test(name) &&
  /\/sdk\/\w+\.js/.test(args?.data?.url ?? args?.fileName ?? "");

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
