import { existsSync } from "node:fs";
import { type Gateway, startGateway } from "../../packages/sdk-browser/test/support/gateway.ts";
import { picture, recommended } from "../../packages/sdk-browser/test/support/items.ts";
import { serveFake } from "../../packages/sdk-node/test/runtimes/fake-over-http.ts";
import { installApps } from "../apps/install.ts";
import { serveApp } from "../apps/serve.ts";
import { visitUntil } from "../apps/visit.ts";
import { type Check, CheckFailure, execute } from "./check.ts";

const KEY = "pk_live_aaaaaaaaaaaaaaaaaaaa2222";

const askedMax = 5;

const item = (id: string, title: string) => ({
  id,
  title,
  url: `/p/${id}`,
  price: "299.00",
  currency: "EUR",
  availability: "in_stock" as const,
  categories: [["Tables"]],
});

function expectIn(what: string, text: string, ...wanted: readonly string[]): void {
  for (const each of wanted) if (!text.includes(each)) throw new CheckFailure(`${what} lacks ${each}:\n${text}`);
}

/**
 * A page waits for its list for a moment and then goes without, which on a busy machine can be right: so it is asked
 * again, a few times.
 */
async function expectList(what: string, url: string, ...wanted: readonly string[]): Promise<void> {
  let text = "";
  for (let asked = 0; asked < askedMax; asked++) {
    text = await textOf(url);
    if (wanted.every((each) => text.includes(each))) return;
  }
  expectIn(what, text, ...wanted);
}

async function textOf(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  if (response.status !== 200) throw new CheckFailure(`${url} answered ${response.status}`);
  return response.text();
}

const build = (cwd: string, env: Record<string, string> = {}) =>
  execute("npm", ["run", "build", "--silent"], cwd, { NODE_OPTIONS: "", ...env });

/** Renders on the server, tracks on the server, and loses nothing when it is stopped. */
async function express(cwd: string): Promise<void> {
  await build(cwd);
  await using served = await serveFake();
  const { fake, endpoint, key, secret } = served;
  fake.recommends("home", ["ash-table"]);
  const env = { PORT: "0", ENDCAP_ENDPOINT: endpoint, ENDCAP_KEY: key, ENDCAP_SECRET: secret };
  await using app = await serveApp(cwd, [], env);
  await expectList("the home page", `${app.url}/`, 'shadowrootmode="open"', 'data-id="ash-table"', "€299.00");
  await expectList("the product's page", `${app.url}/p/oak-table`, "<h1>Oak Table</h1>", 'data-id="elm-chair"');
  fake.failNext("upstream_unavailable", { times: 2 });
  expectIn("the page without an answer", await textOf(`${app.url}/`), '<endcap-recommendations placement="home"');
  await app.stop();
  if (!fake.events.some(({ type, items }) => type === "view_item" && items?.[0]?.id === "oak-table")) {
    throw new CheckFailure("the view of the product was not delivered");
  }
}

/** The browser SDK in a bundle: an event and a row. */
async function vite(cwd: string, gateway: Gateway): Promise<void> {
  await build(cwd, { VITE_ENDCAP_KEY: KEY, VITE_ENDCAP_ENDPOINT: gateway.origin });
  await using app = await serveApp(cwd, ["--host", "127.0.0.1", "--port", "0"], {});
  expectIn("the page", await textOf(`${app.url}/`), "<endcap-recommendations");
  await visitUntil(gateway, `${app.url}/`, "view_item", "oak-table");
  await visitUntil(gateway, `${app.url}/`, "recommendation_impression", "item-0");
}

/** A list of a server component that the browser adopts, one of a client component, and a route of the edge runtime. */
async function next(cwd: string, gateway: Gateway): Promise<void> {
  const quiet = { NEXT_TELEMETRY_DISABLED: "1" };
  await build(cwd, quiet);
  await using served = await serveFake();
  const { fake, endpoint, key, secret } = served;
  await fake.client().items.upsert([item("oak-table", "Oak Table"), item("ash-table", "Ash Table")]);
  fake.recommends("home", ["ash-table"]);
  await using app = await serveApp(cwd, ["--hostname", "127.0.0.1", "--port", "0"], {
    ...quiet,
    ENDCAP_ENDPOINT: endpoint,
    ENDCAP_KEY: key,
    ENDCAP_SECRET: secret,
    ENDCAP_PUBLIC_ENDPOINT: gateway.origin,
    ENDCAP_PUBLISHABLE_KEY: KEY,
  });
  await expectList("the home page", `${app.url}/`, 'shadowrootmode="open"', 'data-id="ash-table"', "€299.00");
  expectIn("the product's page", await textOf(`${app.url}/p/oak-table`), "Oak Table", "<endcap-recommendations");
  expectIn("the edge route", await textOf(`${app.url}/api/related?item=oak-table`), '"id":"ash-table"');
  await visitUntil(gateway, `${app.url}/`, "recommendation_impression", "ash-table");
  await visitUntil(gateway, `${app.url}/p/oak-table`, "view_item", "oak-table");
}

/** The example applications with the packed packages: installed by npm, built, type-checked and used. */
export const apps: Check = {
  name: "apps",
  async run() {
    const chromium = process.env.ENDCAP_CHROMIUM ?? "/usr/bin/chromium";
    if (!existsSync(chromium)) throw new CheckFailure("no Chromium: ENDCAP_CHROMIUM names its program");
    const dirs = await installApps();
    await using gateway = await startGateway();
    gateway.items = recommended(3, gateway.origin);
    for (let i = 0; i < 3; i++) gateway.pictures.set(`/sdk/picture-${i}.svg`, picture(i));
    await express(dirs.express);
    await vite(dirs.vite, gateway);
    gateway.events.clear();
    await next(dirs.next, gateway);
    if (gateway.faults.length > 0) throw new CheckFailure(gateway.faults.join("\n"));
    return Object.keys(dirs).join(", ");
  },
};
