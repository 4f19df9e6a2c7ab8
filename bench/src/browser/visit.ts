/** One cold visit of the shop's home page, and what it cost. */
import type { Browser } from "playwright-core";
import type { Peer } from "./peers.ts";
import type { RunningShop } from "./shop.ts";

export type Variant = "with" | "without" | Peer;

export interface Visit {
  /** Of the tag and what it loads, over the wire. */
  readonly bytes: number;
  readonly requests: number;
  /** From navigation to the frame after the first carousel; `undefined` without one. */
  readonly carouselMs: number | undefined;
  readonly taskMs: number;
  readonly scriptMs: number;
  readonly trackMs: number;
  readonly cls: number;
  readonly lcpMs: number;
}

const SETTLE_MS = 2_500;
const TRACKED = 200;

const PROBE = `<script>
  window.probe = { cls: 0, lcp: 0 };
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch("layout-shift", ({ value }) => { probe.cls += value; });
  watch("largest-contentful-paint", ({ startTime }) => { probe.lcp = startTime; });
  addEventListener("endcap:loaded", () => requestAnimationFrame(() => requestAnimationFrame(() => { probe.carousel ??= performance.now(); })), true);
</script>`;

export async function visit(browser: Browser, { shop, gateway }: RunningShop, variant: Variant): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  // The same detour for every variant: the document is fetched, probed, and given without the shop's policy.
  await page.route(`${shop}/`, async (route) => {
    const response = await route.fetch();
    let html = (await response.text()).replace("<head>", `<head>${PROBE}`);
    if (variant !== "with") html = html.replace(/<script async src="[^"]*\/sdk\/v1\.js"[^>]*><\/script>/, "");
    if (typeof variant === "object") {
      html = html.replace("</head>", `<script async src="/peer.js" onload="${variant.setUp}"></script></head>`);
    }
    await route.fulfill({ status: 200, contentType: "text/html; charset=utf-8", body: html });
  });
  await page.route(`${shop}/peer.js`, (route) =>
    route.fulfill({ contentType: "text/javascript", body: typeof variant === "object" ? variant.script : "" }),
  );
  await page.route(/\/peer\//, (route) => route.fulfill({ contentType: "application/json", body: "{}" }));

  const session = await context.newCDPSession(page);
  const ours = new Set<string>();
  let bytes = 0;
  session.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (request.url.startsWith(gateway) || /\/peer(\.js|\/)/.test(request.url)) ours.add(requestId);
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (ours.has(requestId)) bytes += encodedDataLength;
  });
  await session.send("Network.enable");
  await session.send("Performance.enable");
  await page.goto(`${shop}/`, { waitUntil: "load" });
  await page.waitForTimeout(SETTLE_MS);
  const { metrics } = await session.send("Performance.getMetrics");
  const metric = (name: string): number => (metrics.find((one) => one.name === name)?.value ?? 0) * 1000;
  const requests = ours.size;
  const probe = (await page.evaluate("probe")) as { cls: number; lcp: number; carousel?: number };
  const trackMs =
    variant === "with"
      ? Number(
          await page.evaluate(
            `(() => { const start = performance.now(); for (let i = 0; i < ${TRACKED}; i++) endcap.track("search", { query: "q" + i }); return (performance.now() - start) / ${TRACKED}; })()`,
          ),
        )
      : 0;
  await context.close();
  return {
    bytes,
    requests,
    carouselMs: probe.carousel,
    taskMs: metric("TaskDuration"),
    scriptMs: metric("ScriptDuration"),
    trackMs,
    cls: probe.cls,
    lcpMs: probe.lcp,
  };
}
