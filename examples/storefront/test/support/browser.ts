import { type Browser, chromium, type Page } from "playwright-core";

export function launch(): Promise<Browser> {
  return chromium.launch({
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
  });
}

export const desktop = { width: 1280, height: 860 };
export const phone = { width: 390, height: 844 };

/** What a page complained about: script errors and refusals of its own policy. */
export function complaints(page: Page): string[] {
  const told: string[] = [];
  page.on("pageerror", (error) => told.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted Types/i.test(message.text())) told.push(message.text());
  });
  return told;
}
