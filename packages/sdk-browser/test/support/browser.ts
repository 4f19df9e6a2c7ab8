/** A real Chromium, a shop and a gateway for one test file. */
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { bundleScript } from "../../scripts/bundle.ts";
import { KEY } from "./client.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { type Shop, startShop } from "./shop.ts";

export interface Stage extends AsyncDisposable {
  readonly browser: Browser;
  readonly gateway: Gateway;
  readonly shop: Shop;
  /** The tag as a shop writes it. */
  readonly tag: string;
  /** Where the gateway serves what the tag loads once it has a session. */
  readonly sessionFile: string;
  /**
   * Each visit has storage of its own. `problems` gathers what the page's console complains of, `files` the paths of the
   * SDK's files that the page asks for, in order, from its first moment on.
   */
  visit(path?: string, options?: VisitOptions): Promise<Visit>;
}

export interface VisitOptions {
  /** The page's clock and timers are the test's: `later` moves them. */
  readonly clock?: boolean;
}

/** Runs every timer of the page of the next ten seconds: whatever it would do by itself, it has done. */
export const later = (page: Page): Promise<void> => page.clock.runFor(10_000);

export interface Visit extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly problems: string[];
  readonly files: string[];
}

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function startStage(): Promise<Stage> {
  const [gateway, shop, bundle, browser] = await Promise.all([
    startGateway(),
    startShop(),
    bundleScript(),
    chromium.launch({
      executablePath: process.env.ENDCAP_CHROMIUM ?? "/usr/bin/chromium",
      args: FLAGS,
      // Shoppers have it.
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
    }),
  ]);
  const type = "text/javascript; charset=utf-8";
  gateway.files.set("/sdk/v1.js", { type, bytes: bundle.core.bytes });
  for (const { hash, bytes } of [bundle.session, bundle.recommendations]) {
    gateway.files.set(`/sdk/${hash}.js`, { type, bytes });
  }
  return {
    browser,
    gateway,
    shop,
    tag: `<script async src="${gateway.origin}/sdk/v1.js" data-key="${KEY}" data-debug></script>`,
    sessionFile: `/sdk/${bundle.session.hash}.js`,
    async visit(path = "/", { clock = false } = {}) {
      const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
      const page = await context.newPage();
      if (clock) await page.clock.install();
      const problems = watch(page);
      const files: string[] = [];
      page.on("request", (request) => {
        const { pathname } = new URL(request.url());
        if (pathname.startsWith("/sdk/")) files.push(pathname);
      });
      await page.goto(shop.origin + path);
      return { context, page, problems, files, [Symbol.asyncDispose]: () => context.close() };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await gateway[Symbol.asyncDispose]();
      await shop[Symbol.asyncDispose]();
    },
  };
}

function watch(page: Page): string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  return problems;
}

/** The stub that a shop may put before the tag, and a call made before the SDK is there. */
export const STUB = "<script>window.endcap = window.endcap || { q: [] };</script>";
