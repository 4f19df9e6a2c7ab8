import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { workspaceDirs } from "./dependencies.mjs";
import { fail, root, say } from "./say.mjs";
import { hashOf, hasStamp, listFiles, writeStamp } from "./stamp.mjs";

const shared = ["tsup.base.ts", "tsconfig.base.json", "pnpm-lock.yaml"].map((file) => path.join(root, file));

function readPackages() {
  const packages = new Map();
  for (const dir of workspaceDirs()) {
    if (!fs.existsSync(path.join(dir, "tsup.config.ts"))) continue;
    const manifest = JSON.parse(fs.readFileSync(path.join(dir, "package.json"), "utf8"));
    const own = ["src", "package.json", "tsup.config.ts", "tsconfig.json"].map((name) => path.join(dir, name));
    const files = own.reduce((all, each) => all.concat(listFiles(each)), []);
    const dependencies = Object.keys(Object.assign({}, manifest.dependencies, manifest.devDependencies));
    packages.set(manifest.name, { name: manifest.name, dir, files, dependencies });
  }
  return packages;
}

/** A package's stamp covers the workspace packages below it, because a build may inline them (the script build does). */
function stampOf(pkg, packages, known) {
  if (!known.has(pkg.name)) {
    const below = pkg.dependencies.filter((name) => packages.has(name)).sort();
    known.set(
      pkg.name,
      hashOf(
        shared.filter((file) => fs.existsSync(file)).concat(pkg.files),
        below.map((name) => stampOf(packages.get(name), packages, known)),
      ),
    );
  }
  return known.get(pkg.name);
}

/** Builds each package's dist/, only where its sources (or those of a package below it) changed since the last build. */
export function buildPackages(toolchain) {
  const packages = readPackages();
  const known = new Map();
  const stale = [];
  for (const pkg of packages.values()) {
    const stamp = stampOf(pkg, packages, known);
    const file = `build-${path.basename(pkg.dir)}`;
    if (!hasStamp(file, stamp) || !fs.existsSync(path.join(pkg.dir, "dist"))) stale.push({ pkg, stamp, file });
  }
  if (stale.length === 0) return;

  say(`Building ${stale.map((each) => path.basename(each.pkg.dir)).join(", ")} …`);
  const started = Date.now();
  const filters = stale.map((each) => `--filter=${each.pkg.name}`);
  const args = ["--workspace-concurrency=2", "--reporter=append-only"].concat(filters, "run", "build");
  const result = spawnSync(toolchain.pnpmPath, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    // The dependencies are already known to be right; pnpm need not check again.
    env: Object.assign({}, toolchain.env, { CI: "true", pnpm_config_verify_deps_before_run: "false" }),
  });
  if (result.error || result.status !== 0) {
    fail("The build failed; its own words are above.", String(result.error || "") + result.stdout + result.stderr);
  }
  for (const each of stale) writeStamp(each.file, each.stamp);
  say(`Built (${Math.round((Date.now() - started) / 1000)} s).`);
}
