/** A real Chromium, a shop, and the real gateway and collector on another origin, for one test file. */
import { rm } from "node:fs/promises";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { bundleScript } from "../../scripts/bundle.ts";
import { type Front, startFront } from "./front.ts";
import { type Lists, startLists } from "./lists.ts";
import { type Services, startServices } from "./services.ts";
import { type Shop, startShop } from "./shop.ts";

export interface Stage extends AsyncDisposable, Pick<Services, "key" | "userToken" | "configure"> {
  readonly browser: Browser;
  /** The real one, behind what sees its traffic. */
  readonly gateway: Front;
  /** What the gateway's ml recommends. */
  readonly lists: Lists;
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
  /** The directory of a profile with settings of its own: a browser of its own too, and gone with the visit. */
  readonly profile?: string;
}

/** Runs every timer of the page of the next ten seconds: whatever it would do by itself, it has done. */
export const later = (page: Page): Promise<void> => page.clock.runFor(10_000);

export interface Visit extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly problems: string[];
  readonly files: string[];
}

const LAUNCH = {
  executablePath: process.env.ENDCAP_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
  // Shoppers have it.
  ignoreDefaultArgs: ["--disable-back-forward-cache"],
};
const viewport = { width: 1000, height: 800 };

export async function startStage(): Promise<Stage> {
  const browserSoon = chromium.launch(LAUNCH);
  const [shop, lists, bundle] = await Promise.all([startShop(), startLists(), bundleScript()]);
  const [services, browser] = await Promise.all([
    startServices({ shop: shop.origin, ml: lists.origin, bundle }),
    browserSoon,
  ]);
  const gateway = await startFront(services.gateway);
  return {
    browser,
    gateway,
    lists,
    shop,
    key: services.key,
    userToken: services.userToken,
    configure: services.configure,
    tag: `<script async src="${gateway.origin}/sdk/v1.js" data-key="${services.key}" data-debug></script>`,
    sessionFile: `/sdk/${bundle.session.hash}.js`,
    async visit(path = "/", { clock = false, profile } = {}) {
      const context =
        profile === undefined
          ? await browser.newContext({ viewport })
          : await chromium.launchPersistentContext(profile, { ...LAUNCH, viewport });
      const page = await context.newPage();
      if (clock) await page.clock.install();
      const problems = watch(page);
      const files: string[] = [];
      page.on("request", (request) => {
        const { pathname } = new URL(request.url());
        if (pathname.startsWith("/sdk/")) files.push(pathname);
      });
      await page.goto(shop.origin + path);
      return {
        context,
        page,
        problems,
        files,
        async [Symbol.asyncDispose]() {
          await context.close();
          if (profile !== undefined) await rm(profile, { recursive: true, force: true });
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await Promise.all([gateway, services, lists, shop].map((part) => part[Symbol.asyncDispose]()));
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
