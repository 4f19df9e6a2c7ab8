import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Gateway } from "../../packages/sdk-browser/test/support/gateway.ts";
import { CheckFailure } from "../checks/check.ts";
import { eventually, startGroup } from "./process-group.ts";

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
const visitMs = 30_000;

/** Opens a page in a fresh Chromium until the gateway has an event of this type with this item. */
export async function visitUntil(gateway: Gateway, url: string, type: string, itemId: string): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), "endcap-visit-"));
  try {
    // Without the port, headless Chromium loads the page and ends.
    const args = [...FLAGS, `--user-data-dir=${profile}`, "--remote-debugging-port=0", url];
    await using chromium = startGroup(process.env.ENDCAP_CHROMIUM ?? "/usr/bin/chromium", args, profile);
    const wanted = () =>
      [...gateway.events.values()].find((event) => event.type === type && event.items?.some(({ id }) => id === itemId));
    if (await eventually(wanted, visitMs)) return;
    throw new CheckFailure(`${url}: no ${type} of ${itemId} reached the gateway\n${chromium.said()}`);
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
