import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EndcapRecommendations } from "../../src/react.ts";
import { type Stage, startStage } from "../support/browser.ts";
import { picture, recommended } from "../support/items.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("apps/react-app.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["@endcap/source"],
    define: { "process.env.NODE_ENV": '"development"' },
  });
  const bytes = outputFiles[0]?.contents;
  if (!bytes) throw new Error("no bundle");
  stage.gateway.files.set("/sdk/app.js", { type: "text/javascript", bytes });
  for (let i = 0; i < 4; i++) {
    stage.gateway.files.set(`/sdk/picture-${i}.svg`, { type: "image/svg+xml", bytes: Buffer.from(picture(i * 37)) });
  }
  stage.lists.items = recommended(4, stage.gateway.origin);
  stage.shop.pages.set("/", {
    html: `<!doctype html><html lang=en><title>React</title><div id=root></div><script>gateway = "${stage.gateway.origin}"; key = "${stage.key}"</script><script type=module src="${stage.gateway.origin}/sdk/app.js"></script>`,
  });
});
afterAll(() => stage[Symbol.asyncDispose]());

test("on a server the component is the bare element", () => {
  expect(
    renderToString(createElement(EndcapRecommendations, { placement: "home", items: ["a"], stale: true }, "ours")),
  ).toBe('<endcap-recommendations placement="home" items="[&quot;a&quot;]" stale="">ours</endcap-recommendations>');
});

test("in a page, under StrictMode, it asks once, tells once, and the hook gives a list", async () => {
  await using visit = await stage.visit();
  const { page } = visit;
  await page.locator("endcap-recommendations li:not(.skeleton)").nth(3).waitFor();
  await page.getByText("Oak Table, Stoneware Teapot").first().waitFor();
  expect(await page.evaluate("loaded")).toEqual([4]);
  expect(await page.locator("endcap-recommendations.slot").count()).toBe(1);
  const asked = stage.gateway.requests.filter(({ payload }) => payload.placement === "home");
  expect(asked.map(({ payload }) => payload)).toMatchObject([
    { items: ["a b", "c"], limit: 4, include: ["item", "reason"] },
  ]);
  await page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))");
  await stage.gateway.until(() => stage.gateway.events.size > 0);
  expect([...stage.gateway.events.values()].filter(({ type }) => type === "view_item")).toHaveLength(1);
  expect(stage.gateway.faults).toEqual([]);
  expect(visit.problems).toEqual([]);
});
