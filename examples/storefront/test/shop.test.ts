import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Catalogue } from "../src/catalogue/catalogue.ts";
import { buildShop } from "../src/server/app.ts";

const catalogue = Catalogue.seeded();
const gateway = "http://127.0.0.1:7401";
const endcap = {
  endpoint: gateway,
  publishableKey: "pk_live_x",
  createUserToken: (userId: string) => `token-of-${userId}`,
};

let directory: string;
let shop: FastifyInstance;
let jar: Map<string, string>;

const open = () =>
  buildShop({
    catalogue,
    origin: "http://shop.example",
    ordersPath: join(directory, "orders.ndjson"),
    cookieSecret: "a secret of the test that is long enough",
    endcap: () => endcap,
    logLevel: "silent",
  });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "storefront-"));
  shop = await open();
  jar = new Map();
});

afterEach(async () => {
  await shop.close();
  await rm(directory, { recursive: true });
});

/** A request with the cookies so far, as a browser sends it. */
async function ask(request: InjectOptions): Promise<LightMyRequestResponse> {
  const response = await shop.inject({ ...request, cookies: Object.fromEntries(jar) });
  for (const { name, value, maxAge } of response.cookies) {
    if (maxAge === 0 || value === "") jar.delete(name);
    else jar.set(name, value);
  }
  return response;
}

const get = (url: string) => ask({ method: "GET", url });
const post = (url: string, fields: Record<string, string> = {}, headers: Record<string, string> = {}) =>
  ask({
    method: "POST",
    url,
    payload: new URLSearchParams(fields).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  });

const available = catalogue.products.filter(({ availability }) => availability === "in_stock");
const [first, second] = available.filter(({ pricePence }) => pricePence > 3000 && pricePence < 10_000);
if (first === undefined || second === undefined) throw new Error("nothing to sell");

const pageData = (html: string) =>
  JSON.parse(/<script type="application\/json" id="page-data">(.*?)<\/script>/s.exec(html)?.[1] ?? "null");
const structured = (html: string) =>
  [...html.matchAll(/<script type="application\/ld\+json">(.*?)<\/script>/gs)].map(([, json]) =>
    JSON.parse(json ?? ""),
  );

describe("every page", () => {
  test.each([
    "/",
    "/departments/camp",
    "/shelves/sleep",
    "/shelves/sleep?kind=Wool+blankets&sort=price-up",
    `/products/${first.id}`,
    "/basket",
    "/search?q=lantern",
    "/search",
    "/account",
  ])("%s is served under a policy that allows the shop and the gateway and nothing inline", async (url) => {
    const response = await get(url);
    expect(response.statusCode).toBe(200);
    expect(response.headers["content-security-policy"]).toContain(`script-src 'self' ${gateway};`);
    expect(response.headers["content-security-policy"]).not.toContain("unsafe");
    expect(response.body).not.toMatch(/ style="| on[a-z]+="|<script>|javascript:|undefined|NaN|\[object/);
    for (const [tag] of response.body.matchAll(/<script\b[^>]*>/g)) {
      expect(tag).toMatch(/src="|type="application\/(ld\+)?json"/);
    }
  });

  test("names what it links to: no link is broken", async () => {
    const seen = new Set(["/"]);
    const queue = ["/"];
    for (let url = queue.pop(); url !== undefined; url = queue.pop()) {
      const { statusCode, body, headers } = await shop.inject(url);
      expect(statusCode, url).toBe(200);
      if (!String(headers["content-type"]).startsWith("text/html")) continue;
      for (const [, link] of body.matchAll(/(?:href|src)="(\/[^"#]*)/g)) {
        const path = (link ?? "").replaceAll("&amp;", "&");
        const product = path.startsWith("/products/") || path.startsWith("/pictures/");
        // One page of each sort is enough of six hundred.
        if (seen.has(path) || (product && [...seen].filter((other) => other.startsWith(path.slice(0, 10))).length > 40))
          continue;
        seen.add(path);
        queue.push(path);
      }
    }
    expect(seen.size).toBeGreaterThan(100);
  });

  test("does without Endcap altogether", async () => {
    const plain = await buildShop({
      catalogue,
      origin: "http://shop.example",
      ordersPath: join(directory, "other.ndjson"),
      cookieSecret: "another secret that is long enough",
    });
    const { statusCode, body, headers } = await plain.inject("/");
    expect(statusCode).toBe(200);
    expect(body).not.toContain("endcap");
    expect(headers["content-security-policy"]).toContain("script-src 'self';");
    await plain.close();
  });

  test("answers 404 with a page, in the shop's own clothes", async () => {
    for (const url of ["/nowhere", "/products/none", "/shelves/none", "/orders/none", "/pictures/none.svg"]) {
      const response = await get(url);
      expect(response.statusCode).toBe(404);
      expect(response.body).toContain("Off the path");
    }
  });
});

describe("a product page", () => {
  test("carries its product for search engines, at its price", async () => {
    const [product] = structured((await get(`/products/${first.id}`)).body);
    expect(product).toMatchObject({
      "@type": "Product",
      sku: first.id,
      url: `http://shop.example/products/${first.id}`,
      offers: {
        price: (first.pricePence / 100).toFixed(2),
        priceCurrency: "GBP",
        availability: "https://schema.org/InStock",
      },
    });
  });

  test("announces view_item and asks for what goes with it", async () => {
    const { body } = await get(`/products/${first.id}`);
    expect(pageData(body).events).toMatchObject([
      { event: "view_item", ecommerce: { items: [{ item_id: first.id, price: first.pricePence / 100 }] } },
    ]);
    expect(body).toContain(`<endcap-recommendations placement="product" items="${first.id}"`);
  });

  test("sells nothing that is sold out", async () => {
    const gone = catalogue.products.find(({ availability }) => availability === "out_of_stock");
    if (gone === undefined) throw new Error("everything is in stock");
    expect((await get(`/products/${gone.id}`)).body).not.toContain("/basket/add");
    await post("/basket/add", { id: gone.id, quantity: "1" });
    expect(jar.has("tt_basket")).toBe(false);
  });
});

describe("from basket to order", () => {
  const address = {
    name: "Ada <b>Byron</b>",
    email: "ada@example.com",
    street: "1 Engine Row",
    town: "Ockham",
    postcode: "GU23",
  };

  test("what is put in comes out ordered, and the purchase is announced once", async () => {
    // Nothing goes with nothing: the slot asks for the shopper, and not for the basket.
    expect((await get("/basket")).body).toContain('placement="home" heading="To begin with"');
    await post("/basket/add", { id: first.id, quantity: "2" });
    await post("/basket/add", { id: second.id, quantity: "1" });
    const basket = await get("/basket");
    expect(pageData(basket.body).events[0]).toMatchObject({
      event: "view_cart",
      ecommerce: {
        items: [
          { item_id: first.id, quantity: 2 },
          { item_id: second.id, quantity: 1 },
        ],
      },
    });
    expect(basket.body).toContain(`placement="cart" items="${first.id} ${second.id}"`);

    expect(pageData((await get("/checkout")).body).events[0].event).toBe("begin_checkout");
    const placed = await post("/checkout", address);
    expect(placed.statusCode).toBe(303);
    const url = String(placed.headers.location);
    const thanks = await get(url);
    expect(pageData(thanks.body).events).toMatchObject([
      {
        event: "purchase",
        ecommerce: {
          transaction_id: url.slice("/orders/".length),
          value: (2 * first.pricePence + second.pricePence) / 100,
        },
      },
    ]);
    expect(thanks.body).toContain("Ada");
    expect(thanks.body).not.toContain("<b>Byron");
    expect(pageData((await get(url)).body).events).toEqual([]);
    expect(jar.has("tt_basket")).toBe(false);
  });

  test("an order outlives the shop's process, and a line cut short by a crash is passed over", async () => {
    await post("/basket/add", { id: first.id, quantity: "1" });
    const url = String((await post("/checkout", address)).headers.location);
    await shop.close();
    const path = join(directory, "orders.ndjson");
    const { appendFile } = await import("node:fs/promises");
    await appendFile(path, '{"id":"cut sh');
    shop = await open();
    expect((await get(url)).statusCode).toBe(200);
    await post("/basket/add", { id: second.id, quantity: "1" });
    const later = String((await post("/checkout", address)).headers.location);
    await shop.close();
    shop = await open();
    expect((await get(later)).statusCode).toBe(200);
    expect((await readFile(path, "utf8")).includes("cut sh")).toBe(false);
  });

  test("an address with holes is asked for again, with what was filled in", async () => {
    await post("/basket/add", { id: first.id, quantity: "1" });
    const again = await post("/checkout", { ...address, town: " ", email: "nonsense" });
    expect(again.statusCode).toBe(422);
    expect(again.body).toContain("Town is missing.");
    expect(again.body).toContain("does not look like an e-mail address");
    expect(again.body).toContain('value="1 Engine Row"');
    expect(pageData(again.body).events).toEqual([]);
  });

  test("quantities are changed, taken out and held within bounds", async () => {
    await post("/basket/add", { id: first.id, quantity: "19" });
    await post("/basket/add", { id: first.id, quantity: "19" });
    expect(jar.get("tt_basket")).toBe(`${first.id}*20`);
    await post("/basket/update", { id: first.id, quantity: "3" });
    expect(jar.get("tt_basket")).toBe(`${first.id}*3`);
    await post("/basket/update", { id: first.id, quantity: "0" });
    expect(jar.has("tt_basket")).toBe(false);
    expect((await post("/basket/add", { id: first.id, quantity: "-1" })).statusCode).toBe(400);
    expect((await post("/basket/add", { id: first.id })).statusCode).toBe(400);
  });

  test("a basket cookie from elsewhere is read with suspicion", async () => {
    jar.set("tt_basket", `${first.id}*1e9~nothing*2~${second.id}*999~*~~x`);
    expect(pageData((await get("/basket")).body).events[0].ecommerce.items).toMatchObject([
      { item_id: first.id, quantity: 20 },
      { item_id: second.id, quantity: 20 },
    ]);
  });

  test("a form on another site cannot post here", async () => {
    const response = await post("/basket/add", { id: first.id, quantity: "1" }, { origin: "https://evil.example" });
    expect(response.statusCode).toBe(403);
    expect(jar.has("tt_basket")).toBe(false);
  });
});

describe("signing in", () => {
  test("puts a user token on every page until signing out, and an empty one then", async () => {
    await post("/account/sign-in", { regular: "u-idris" });
    expect((await get("/")).body).toContain('data-user-token="token-of-u-idris"');
    expect((await get("/account")).body).toContain("Hello, Idris.");
    await post("/account/sign-out");
    expect((await get("/")).body).toContain('data-user-token=""');
  });

  test("takes any name and escapes it", async () => {
    await post("/account/sign-in", { name: "Zoë <script>" });
    const { body } = await get("/account");
    expect(body).toContain("Hello, Zoë &lt;script&gt;.");
    expect((await post("/account/sign-in", { name: "  " })).statusCode).toBe(422);
  });

  test("a forged cookie signs nobody in", async () => {
    jar.set("tt_user", "u-marta~Marta.forged");
    expect((await get("/")).body).toContain('data-user-token=""');
  });
});

test("a search without results offers what can be had", async () => {
  const { body } = await get("/search?q=nothing-is-called-so");
  expect(body).toContain("Nothing for");
  expect(body).toContain('class="shelf grid"');
  expect(body).not.toContain("Sold out");
});

test("search finds, says so, and stays calm about markup", async () => {
  const found = await get("/search?q=lantern");
  expect(pageData(found.body).events.map(({ event }: { event: string }) => event)).toEqual([
    "search",
    "view_item_list",
  ]);
  const odd = await get(`/search?q=${encodeURIComponent('"><img src=x onerror=alert(1)>')}`);
  expect(odd.body).not.toContain("<img src=x");
  expect(odd.body).toContain("Nothing for");
});
