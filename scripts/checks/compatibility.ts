import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack } from "../../bench/src/stack/stack.ts";
import { type Check, CheckFailure, execute, root } from "./check.ts";

const packages = ["packages/protocol", "packages/sdk-node"];

/** Newest tag of a release that HEAD descends from. `ENDCAP_RELEASE` names another commit, to try the check itself. */
async function lastRelease(): Promise<string | undefined> {
  if (process.env.ENDCAP_RELEASE) return process.env.ENDCAP_RELEASE;
  const tags = await execute("git", ["tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname"]);
  return tags.split("\n")[0] || undefined;
}

/** The SDK of a release as it stood, beside today's outside dependencies. */
async function checkOut(release: string, home: string): Promise<string> {
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
  return join(home, "packages/sdk-node");
}

/** The last released SDK for servers still does everything it promised, against the whole of Endcap as it is today. */
export const compatibility: Check = {
  name: "compatibility",
  async run() {
    const release = await lastRelease();
    if (release === undefined) return "no tag v* yet: there is no release to be compatible with";
    const home = mkdtempSync(join(tmpdir(), "endcap-release-"));
    const ending: (() => Promise<void>)[] = [];
    try {
      const sdk = await checkOut(release, home);
      const stack = await startStack({ cleanup: (work) => ending.push(work) });
      const { secretKey, secret } = await stack.createTenant("compatibility");
      const fixture = { endpoint: stack.ready.gatewayUrl, key: secretKey, secret };
      const args = ["--conditions=@endcap/source", "test/runtimes/main.mjs"];
      await execute("timeout", ["60", process.execPath, ...args], sdk, {
        ENDCAP_FIXTURE: JSON.stringify(fixture),
      }).catch((error: unknown) => {
        throw new CheckFailure(
          `the SDK of ${release} against today's gateway: ${error instanceof Error ? error.message : error}`,
        );
      });
      return `sdk-node of ${release}`;
    } finally {
      for (const work of ending.reverse()) await work();
      rmSync(home, { recursive: true, force: true });
    }
  },
};
