import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack } from "../../bench/src/stack/stack.ts";
import { startReleasedShop } from "../../packages/sdk-browser/test/support/visit-release.ts";
import { type Check, CheckFailure, execute, root } from "./check.ts";
import { pendingChangesets } from "./workspace.ts";

const packages = ["packages/protocol", "packages/sdk-node", "packages/sdk-browser"];

/**
 * Newest tag of a release that HEAD descends from. Before the first tag, and in a clone without tags, the commit before the
 * first change that waits for a release: what a shop can have at the latest. `ENDCAP_RELEASE` names another commit.
 */
async function lastRelease(): Promise<string> {
  if (process.env.ENDCAP_RELEASE) return process.env.ENDCAP_RELEASE;
  const git = async (...args: string[]) => (await execute("git", args)).trim().split("\n")[0] ?? "";
  const tag = await git("tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname");
  if (tag !== "") return tag;
  const waiting = pendingChangesets();
  const added =
    waiting.length > 0
      ? await git("log", "--diff-filter=A", "--reverse", "--format=%h", "HEAD", "--", ...waiting)
      : // Nothing waits: the packages are as they were when their version was written.
        await git("log", "-1", "--format=%h", "-G", '"version":', "HEAD", "--", "packages/sdk-node/package.json");
  if (added === "") throw new CheckFailure("this clone has neither tags nor the history of what waits for a release");
  return waiting.length > 0 ? await git("rev-parse", "--short", `${added}^`) : added;
}

/** The SDKs of a release as they stood, beside today's outside dependencies. */
async function checkOut(release: string, home: string): Promise<void> {
  const archive = join(home, "release.tar");
  await execute("git", ["archive", "--output", archive, release, ...packages]);
  await execute("tar", ["xf", archive, "-C", home]);
  for (const dir of packages) {
    // Links to packages of the workspace are relative: here they lead to the release's own.
    cpSync(join(root, dir, "node_modules"), join(home, dir, "node_modules"), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  symlinkSync(join(root, "node_modules"), join(home, "node_modules"));
}

/**
 * The last released SDKs still do what they promised, against the whole of Endcap as it is today: that for servers each
 * kind of call, that for browsers, built from its release, a shopper's first pages.
 */
export const compatibility: Check = {
  name: "compatibility",
  async run() {
    const release = await lastRelease();
    const home = mkdtempSync(join(tmpdir(), "endcap-release-"));
    const ending: (() => Promise<void>)[] = [];
    try {
      await checkOut(release, home);
      const [server, browser] = [join(home, "packages/sdk-node"), join(home, "packages/sdk-browser")];
      const fromSource = [process.execPath, "--conditions=@endcap/source"];
      await execute("timeout", ["60", ...fromSource, "scripts/build.ts"], browser);
      await using shop = await startReleasedShop(join(browser, "dist/sdk"));
      const stack = await startStack({ cleanup: (work) => ending.push(work) });
      const { secretKey, secret, publishable } = await stack.createTenant("compatibility", { origins: [shop.origin] });
      const endpoint = stack.ready.gatewayUrl;
      const failed = (name: string) => (error: unknown) => {
        const why = error instanceof Error ? error.message : error;
        throw new CheckFailure(`${name} of ${release} against today's gateway: ${why}`);
      };
      const fixture = JSON.stringify({ endpoint, key: secretKey, secret });
      const args = ["60", ...fromSource, "test/runtimes/main.mjs"];
      await execute("timeout", args, server, { ENDCAP_FIXTURE: fixture }).catch(failed("sdk-node"));
      await shop.visit(endpoint, publishable).catch(failed("sdk-browser"));
      return `sdk-node and sdk-browser of ${release}`;
    } finally {
      for (const work of ending.reverse()) await work();
      rmSync(home, { recursive: true, force: true });
    }
  },
};
