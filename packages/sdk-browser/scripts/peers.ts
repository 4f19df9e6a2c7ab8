/**
 * The script builds of peers, from npm, weighed as ours is: minified, brotli, every byte of the file that a page loads.
 * Fetched with `npm pack`, so through whatever registry npm is set up with; nothing of them is installed or run.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { brotliBytes } from "./measure.ts";

const run = promisify(execFile);

/** The file of each package that a page loads: its script build, or where npm has none, its bundle for browsers. */
const PEERS = [
  ["posthog-js", "dist/array.full.js"],
  ["posthog-js", "dist/array.js"],
  ["@segment/analytics-next", "dist/umd/standalone.js"],
  ["@amplitude/analytics-browser", "lib/scripts/amplitude-min.js"],
  ["mixpanel-browser", "dist/mixpanel.min.js"],
  ["recombee-js-api-client", "dist/recombee-api-client.min.js"],
  ["@algolia/recommend", "dist/builds/browser.umd.js"],
  ["search-insights", "dist/search-insights.min.js"],
  ["@rudderstack/analytics-js", "dist/npm/modern/bundled/umd/index.js"],
  ["@jitsu/js", "dist/web/p.js.txt"],
  ["@constructor-io/constructorio-client-javascript", "lib/esm/constructorio.js"],
  ["@snowplow/browser-tracker", "dist/index.umd.min.js"],
  ["@nosto/web-components", "dist/main.es.bundle.js"],
  ["@coveo/relay", "lib/npm/relay.mjs"],
] as const;

export interface Peer {
  readonly [figure: string]: string | number;
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly bytes: number;
}

export async function weighPeers(): Promise<Peer[]> {
  const dir = await mkdtemp(join(tmpdir(), "endcap-peers-"));
  try {
    const peers: Peer[] = [];
    for (const [name, file] of PEERS) {
      const { stdout } = await run("npm", ["pack", name, "--json", "--silent", "--pack-destination", dir], {
        cwd: dir,
      });
      const [packed] = JSON.parse(stdout) as { filename: string; version: string }[];
      if (!packed) throw new Error(`npm packed nothing for ${name}`);
      await run("tar", ["-xzf", packed.filename, `package/${file}`], { cwd: dir });
      // Those of npm are not all minified, though what the vendor's own CDN serves is.
      const { code } = await transform(await readFile(join(dir, "package", file)), {
        minify: true,
        legalComments: "none",
      });
      const bytes = brotliBytes(new TextEncoder().encode(code));
      peers.push({ name, version: packed.version, file, bytes });
    }
    return peers.sort((a, b) => b.bytes - a.bytes);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
