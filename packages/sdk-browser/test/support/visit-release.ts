/** A page with a build of the script tag, wherever it was made, against a gateway that is really there. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { chromium } from "playwright-core";

export interface ReleasedShop extends AsyncDisposable {
  readonly origin: string;
  /**
   * A shopper's first two pages: a list and an event, the first of them under a bootstrap, then an event under the session. Rejects when one
   * of them is not answered well.
   */
  visit(endpoint: string, key: string): Promise<void>;
}

/** `sdk` is the directory that a release lays for its CDN. */
export async function startReleasedShop(sdk: string): Promise<ReleasedShop> {
  let html = "";
  const server: Server = createServer((request, response) => {
    const [, file] = /^\/sdk\/(\w+\.js)$/.exec(request.url ?? "") ?? [];
    response.setHeader("content-type", file ? "text/javascript" : "text/html; charset=utf-8");
    response.end(file ? readFileSync(join(sdk, file)) : html);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    async visit(endpoint, key) {
      html = `<!doctype html><title>Shop</title><script>dataLayer = [{event: "view_item", ecommerce: {items: [{item_id: "oak-table"}]}}]</script>
        <script async src="/sdk/v1.js" data-key="${key}" data-endpoint="${endpoint}"></script><endcap-recommendations placement="home"></endcap-recommendations>`;
      const executablePath = process.env.ENDCAP_CHROMIUM ?? "/usr/bin/chromium";
      const seen: string[] = [];
      const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
      try {
        const page = await browser.newPage();
        page.on("console", (message) => seen.push(message.text()));
        page.on("response", (answer) =>
          seen.push(`${answer.status()} ${answer.url()} ${answer.request().postData()?.slice(0, 4) ?? ""}`),
        );
        const answered = (path: string, envelope: string, status: number) =>
          page.waitForResponse(
            (answer) =>
              answer.url() === endpoint + path &&
              answer.request().postData()?.startsWith(envelope) === true &&
              answer.status() === status,
          );
        const first = [answered("/v1/events", "E", 202), answered("/v1/recommendations", "E", 200)];
        await page.goto(origin);
        await Promise.all(first);
        const signed = answered("/v1/events", "EC1", 202);
        await page.reload();
        await page.waitForFunction("typeof window.endcap?.track === 'function'");
        await page.evaluate("endcap.track('add_to_cart', { items: ['oak-table'] }); endcap.flush()");
        await signed;
      } catch (error) {
        throw new Error(seen.join("\n"), { cause: error });
      } finally {
        await browser.close();
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
