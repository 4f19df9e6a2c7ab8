/** The applications of examples/apps as somebody has them who copied the folder and ran `npm install`. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute, root } from "../checks/check.ts";
import { publishedPackages } from "../checks/workspace.ts";

const sources = join(root, "examples/apps");
/** Kept between runs: what comes from the registry is large, and pinned. */
const home = join(root, ".toolchain/apps");

interface AppManifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

type AppName = "express" | "next" | "vite";

/** Packs our packages into `home`; a file's name changes with its bytes, so that npm sees a new one. */
async function packOurs(): Promise<Record<string, string>> {
  const tarballs = join(home, "tarballs");
  rmSync(tarballs, { recursive: true, force: true });
  mkdirSync(tarballs, { recursive: true });
  const packed: Record<string, string> = {};
  for (const { dir, manifest } of publishedPackages()) {
    const output = await execute("pnpm", ["pack", "--json", "--pack-destination", tarballs], join(root, dir));
    const { filename } = JSON.parse(output) as { filename: string };
    const hash = createHash("sha256").update(readFileSync(filename)).digest("hex").slice(0, 12);
    const name = `${dir.replace("packages/", "")}-${hash}.tgz`;
    renameSync(filename, join(tarballs, name));
    packed[manifest.name] = `file:tarballs/${name}`;
  }
  return packed;
}

/** What the applications ask the registry for: exact versions, and the same ones where two want the same. */
function pinned(names: readonly string[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const name of names) {
    const manifest = JSON.parse(readFileSync(join(sources, name, "package.json"), "utf8")) as AppManifest;
    for (const [dependency, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      if (dependency.startsWith("@endcap/")) continue;
      if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${name}: ${dependency} is not pinned`);
      all[dependency] ??= version;
      if (all[dependency] !== version) throw new Error(`${dependency}: two examples want two versions`);
    }
  }
  return all;
}

/** A fresh copy of each application, with everything it needs installed. Returns their directories. */
export async function installApps(): Promise<Record<AppName, string>> {
  const names = readdirSync(sources);
  mkdirSync(home, { recursive: true });
  const dependencies = { ...pinned(names), ...(await packOurs()) };
  const manifest = `${JSON.stringify({ private: true, dependencies }, null, 2)}\n`;
  const stamp = join(home, "installed.json");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== manifest) {
    rmSync(stamp, { force: true });
    writeFileSync(join(home, "package.json"), manifest);
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline"];
    await execute("npm", ["install", ...flags, "--loglevel=error"], home);
    writeFileSync(stamp, manifest);
  }
  const copied = (name: AppName) => {
    const app = join(home, name);
    rmSync(app, { recursive: true, force: true });
    cpSync(join(sources, name), app, { recursive: true });
    return app;
  };
  return { express: copied("express"), vite: copied("vite"), next: copied("next") };
}
