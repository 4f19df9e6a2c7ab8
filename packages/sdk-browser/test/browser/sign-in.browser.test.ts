/** A list on the page is the list of whoever is there: from the page right after sign-in on, and after sign-out. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { STUB, type Stage, startStage } from "../support/browser.ts";
import { recommended } from "../support/items.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
  for (let i = 0; i < 12; i++) {
    stage.gateway.files.set(`/sdk/picture-${i}.svg`, { type: "image/svg+xml", bytes: new Uint8Array() });
  }
  stage.shop.pages.set("/", { html: page(stage.tag) });
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => {
  stage.gateway.forget();
  stage.lists.items = recommended(6, stage.gateway.origin);
});
afterEach(() => {
  expect(stage.gateway.faults).toEqual([]);
});

const page = (tag: string) =>
  `<!doctype html><html lang=en><meta charset=utf-8><title>Shop</title><style>endcap-recommendations { display: block; min-height: 22rem }</style>
  <script>window.shifts = 0; new PerformanceObserver((list) => { for (const { value } of list.getEntries()) shifts += value; }).observe({ type: "layout-shift", buffered: true });
  window.lists = []; addEventListener("endcap:loaded", ({ detail }) => lists.push(detail.answer.recommendationId), true);</script>
  ${STUB}${tag}<endcap-recommendations placement="home"></endcap-recommendations><p>after</p>`;
/** Who asked for each list, in order. */
const askers = () =>
  stage.gateway.requests.flatMap(({ path, userId }) => (path === "/v1/recommendations" ? [userId ?? "nobody"] : []));
const lists = (count: number) => `lists.length === ${count}`;

test("on the page right after sign-in the first list is the user's, and the only one", async () => {
  await using visit = await stage.visit();
  await visit.page.waitForFunction(lists(1));
  expect(askers()).toEqual(["nobody"]);
  stage.shop.pages.set("/account", {
    html: page(stage.tag.replace("<script", `<script data-user-token="${stage.userToken("u-7")}"`)),
  });
  await visit.page.goto(`${stage.shop.origin}/account`);
  await visit.page.waitForFunction(lists(1));
  // What is asked later has to pass the gateway after what might have been asked twice.
  await visit.page.evaluate("endcap.track('search', { query: 'q' }); endcap.flush()");
  expect(askers()).toEqual(["nobody", "u-7"]);
  // The next page renders its token as well, and is the same user's.
  await visit.page.reload();
  await visit.page.waitForFunction(lists(1));
  await visit.page.evaluate("endcap.flush()");
  expect(askers()).toEqual(["nobody", "u-7", "u-7"]);
  expect(await visit.page.evaluate("shifts")).toBe(0);
  expect(visit.problems).toEqual([]);
});

test("who signs in while the page stands sees their own list in the same place, and nobody's when they leave", async () => {
  await using visit = await stage.visit();
  await visit.page.waitForFunction(lists(1));
  await visit.page.evaluate(`endcap.identify("${stage.userToken("u-7")}")`);
  await visit.page.waitForFunction(lists(2));
  await visit.page.evaluate("endcap.signOut()");
  await visit.page.waitForFunction(lists(3));
  expect(askers()).toEqual(["nobody", "u-7", "nobody"]);
  const shoppers = stage.gateway.requests.flatMap(({ path, anonymousId }) =>
    path === "/v1/recommendations" ? [anonymousId] : [],
  );
  expect(new Set(shoppers).size).toBe(2);
  expect(await visit.page.evaluate("shifts")).toBe(0);
  expect(visit.problems).toEqual([]);
});

test("an answer that was asked for before sign-in and comes after it is not shown", async () => {
  await using visit = await stage.visit();
  await visit.page.waitForFunction(lists(1));
  const held = Promise.withResolvers<void>();
  await visit.page.route("**/v1/recommendations", async (route) => {
    await held.promise;
    await route.continue();
  });
  const asked = visit.page.waitForRequest("**/v1/recommendations");
  await visit.page.evaluate("document.querySelector('endcap-recommendations').setAttribute('limit', '6')");
  await asked;
  await visit.page.evaluate(`endcap.identify("${stage.userToken("u-8")}")`);
  held.resolve();
  await visit.page.waitForFunction(lists(2));
  expect(askers()).toEqual(["nobody", "nobody", "u-8"]);
});
