/** Peers' script builds from npm, on the same page, with backends that answer at once. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly script: Buffer;
  /** Page code that sets it up as its documentation says, once its script has run. */
  readonly setUp: string;
}

const peers = [
  {
    name: "@segment/analytics-next",
    file: "dist/umd/standalone.js",
    setUp:
      "window.AnalyticsNext?.AnalyticsBrowser.load({ writeKey: 'k', cdnSettings: { integrations: { 'Segment.io': { apiKey: 'k', apiHost: location.host + '/peer' } } } }).page()",
  },
  {
    name: "posthog-js",
    file: "dist/array.full.js",
    setUp: "window.posthog?.init('phc_bench', { api_host: location.origin + '/peer' })",
  },
] as const;

export async function fetchPeers(): Promise<Peer[]> {
  const dir = await mkdtemp(join(tmpdir(), "endcap-peers-"));
  try {
    return await Promise.all(
      peers.map(async ({ name, file, setUp }) => {
        const into = await mkdtemp(join(dir, "peer-"));
        const { stdout } = await run("npm", ["pack", name, "--json", "--silent", "--pack-destination", into], {
          cwd: into,
        });
        const [packed] = JSON.parse(stdout) as { filename: string; version: string }[];
        if (packed === undefined) throw new Error(`npm packed nothing for ${name}`);
        await run("tar", ["-xzf", packed.filename.replace(/.*\//, ""), `package/${file}`], { cwd: into });
        return { name, version: packed.version, setUp, script: await readFile(join(into, "package", file)) };
      }),
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
