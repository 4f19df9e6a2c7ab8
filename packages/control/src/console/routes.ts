import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { App } from "@endcap/service-kit";
import { packageRoot } from "../package-root.ts";

const FILES = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/console/console.js": ["console.js", "text/javascript; charset=utf-8"],
  "/console/console.css": ["console.css", "text/css; charset=utf-8"],
  "/favicon.svg": ["favicon.svg", "image/svg+xml"],
} as const;

/** The console speaks to its own origin alone and runs no script but its own file. */
const SECURITY = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https: http: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

/** The console's files. They hold no data: every number on it comes from the admin API, with the admin's token. */
export async function consoleRoutes(app: App): Promise<void> {
  const directory = join(packageRoot(), "console");
  for (const [url, [name, type]] of Object.entries(FILES)) {
    const content = readFileSync(join(directory, name));
    app.get(url, { config: { quiet: true } }, async (_request, reply) =>
      reply.headers(SECURITY).type(type).send(content),
    );
  }
}
