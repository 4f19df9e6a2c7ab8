import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { execute, root } from "./check.ts";
import { publishedPackages, type WorkspacePackage } from "./workspace.ts";

export interface Installed extends WorkspacePackage {
  readonly tarball: string;
  /** The unpacked package. */
  readonly installed: string;
}

/** Installs every published package below `home` from its packed tarball, as a customer gets it. */
export async function installPublished(home: string): Promise<Installed[]> {
  const modules = join(home, "node_modules");
  mkdirSync(modules);
  const packages: Installed[] = [];
  for (const pkg of publishedPackages()) packages.push(await install(pkg, modules));
  return packages;
}

/** Packs a package and unpacks it below `modules`, beside links to its outside dependencies and peers. */
async function install({ dir, manifest }: WorkspacePackage, modules: string): Promise<Installed> {
  const packed = await execute("pnpm", ["pack", "--json", "--pack-destination", modules], join(root, dir));
  const { filename: tarball } = JSON.parse(packed) as { filename: string };
  const installed = join(modules, manifest.name);
  mkdirSync(installed, { recursive: true });
  await execute("tar", ["xzf", tarball, "-C", installed, "--strip-components=1"]);
  for (const [name, range] of Object.entries({ ...manifest.peerDependencies, ...manifest.dependencies })) {
    if (range.startsWith("workspace:")) continue;
    const link = join(modules, name);
    mkdirSync(join(link, ".."), { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(join(root, dir, "node_modules", name), link);
  }
  return { dir, manifest, tarball, installed };
}
