import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { type Check, execute, reportFindings } from "./check.ts";
import { type Installed, installPublished } from "./customer.ts";

async function lint({ manifest, installed }: Installed): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir: installed, pack: false, strict: true });
  return messages.map((message) => `${manifest.name}: ${formatMessage(message, pkg, { color: false })}`);
}

/** Imports every subpath from the built files, under no condition of ours. */
async function importAll(packages: readonly Installed[], home: string): Promise<void> {
  const specifiers = packages.flatMap(({ manifest }) =>
    Object.keys(manifest.exports ?? {})
      .filter((path) => /^\.(\/[\w-]+)*$/.test(path))
      .map((path) => manifest.name + path.slice(1)),
  );
  const program = specifiers.map((specifier) => `await import(${JSON.stringify(specifier)});`).join("\n");
  await execute(process.execPath, ["--input-type=module", "--eval", program], home);
}

/** What npm says of a tarball before it would publish it. Sends nothing. */
async function publishDry({ tarball }: Installed): Promise<void> {
  await execute("npm", ["publish", tarball, "--dry-run", "--access", "public", "--ignore-scripts", "--loglevel=warn"]);
}

/** The published packages, taken from their packed tarballs: well-formed, rightly typed, fit to publish, and each import works. */
export const published: Check = {
  name: "published packages",
  async run() {
    const home = mkdtempSync(join(tmpdir(), "endcap-published-"));
    try {
      const packages = await installPublished(home);
      reportFindings((await Promise.all(packages.map(lint))).flat());
      for (const pkg of packages) {
        await execute("attw", [pkg.tarball, "--profile", "esm-only", "--format", "ascii", "--no-emoji"]);
        await publishDry(pkg);
      }
      await importAll(packages, home);
      return packages.map(({ manifest }) => manifest.name).join(", ");
    } finally {
      rmSync(home, { recursive: true });
    }
  },
};
