/** A shop on another origin than the gateway: its pages are whatever a test writes, under a policy as strict as it likes. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Page {
  readonly html: string;
  readonly headers?: Record<string, string>;
}

export interface Shop extends AsyncDisposable {
  readonly origin: string;
  /** By path. */
  readonly pages: Map<string, Page>;
}

export async function startShop(): Promise<Shop> {
  const pages = new Map<string, Page>();
  const server = createServer((request, response) => {
    if (request.url === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    const page = pages.get(new URL(request.url ?? "/", "http://shop").pathname);
    response.writeHead(page ? 200 : 404, { "content-type": "text/html; charset=utf-8", ...page?.headers });
    response.end(page?.html ?? "not found");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    // Another host name as well, so that the two are not even the same site.
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    pages,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
