import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { type Check, execute, reportFindings, root } from "./check.ts";
import { publishedPackages, type WorkspacePackage } from "./workspace.ts";

interface Unpacked extends WorkspacePackage {
  readonly tarball: string;
  readonly installed: string;
}

/** Packs a package and unpacks it below `modules`, beside links to its outside dependencies: what a customer gets. */
async function install({ dir, manifest }: WorkspacePackage, modules: string): Promise<Unpacked> {
  const packed = await execute("pnpm", ["pack", "--json", "--pack-destination", modules], join(root, dir));
  const { filename: tarball } = JSON.parse(packed) as { filename: string };
  const installed = join(modules, manifest.name);
  mkdirSync(installed, { recursive: true });
  await execute("tar", ["xzf", tarball, "-C", installed, "--strip-components=1"]);
  for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
    if (range.startsWith("workspace:")) continue;
    const link = join(modules, name);
    mkdirSync(join(link, ".."), { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(join(root, dir, "node_modules", name), link);
  }
  return { dir, manifest, tarball, installed };
}

async function lint({ manifest, installed }: Unpacked): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir: installed, pack: false, strict: true });
  return messages.map((message) => `${manifest.name}: ${formatMessage(message, pkg, { color: false })}`);
}

/** Imports every subpath from the built files, under no condition of ours. */
async function importAll(packages: readonly Unpacked[], home: string): Promise<void> {
  const specifiers = packages.flatMap(({ manifest }) =>
    Object.keys(manifest.exports ?? {})
      .filter((path) => /^\.(\/[\w-]+)*$/.test(path))
      .map((path) => manifest.name + path.slice(1)),
  );
  const program = specifiers.map((specifier) => `await import(${JSON.stringify(specifier)});`).join("\n");
  await execute(process.execPath, ["--input-type=module", "--eval", program], home);
}

/** The published packages, taken from their packed tarballs: well-formed, rightly typed, and each import works. */
export const published: Check = {
  name: "published packages",
  async run() {
    const home = mkdtempSync(join(tmpdir(), "endcap-published-"));
    try {
      const modules = join(home, "node_modules");
      mkdirSync(modules);
      const packages: Unpacked[] = [];
      for (const pkg of publishedPackages()) packages.push(await install(pkg, modules));

      reportFindings((await Promise.all(packages.map(lint))).flat());
      for (const { tarball } of packages) {
        await execute("attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--no-emoji"]);
      }
      await importAll(packages, home);
      return packages.map(({ manifest }) => manifest.name).join(", ");
    } finally {
      rmSync(home, { recursive: true });
    }
  },
};
