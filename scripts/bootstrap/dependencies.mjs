import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fail, root, say } from "./say.mjs";
import { hashOf, hasStamp, writeStamp } from "./stamp.mjs";

/** Every package.json of the workspace, as pnpm-workspace.yaml names them. */
export function workspaceDirs() {
  const below = (dir) => {
    const start = path.join(root, dir);
    if (!fs.existsSync(start)) return [];
    return fs.readdirSync(start).map((name) => path.join(start, name));
  };
  const dirs = [root].concat(below("packages"), below("examples"), path.join(root, "bench"));
  return dirs.filter((dir) => fs.existsSync(path.join(dir, "package.json"))).sort();
}

/**
 * Installs what the lockfile says, only when it, a package.json or the platform changed since the last time.
 * With `update` the lockfile follows the package.json files first.
 */
export function installDependencies(toolchain, update) {
  const files = ["pnpm-lock.yaml", "pnpm-workspace.yaml"].map((file) => path.join(root, file));
  const manifests = workspaceDirs().map((dir) => path.join(dir, "package.json"));
  const stampNow = () => hashOf(files.concat(manifests), [process.platform, process.arch]);
  if (hasStamp("install", stampNow())) return;

  say("Installing dependencies with pnpm (the first time takes a minute) …");
  const started = Date.now();
  const lockfile = update ? "--no-frozen-lockfile" : "--frozen-lockfile";
  const result = spawnSync(toolchain.pnpmPath, ["install", lockfile, "--reporter=append-only"], {
    cwd: root,
    encoding: "utf8",
    env: Object.assign({}, toolchain.env, { CI: "true" }),
  });
  if (result.error || result.status !== 0) {
    fail(
      "The dependencies could not be installed; pnpm's own words are above. After editing a package.json: npm run deps",
      String(result.error || "") + result.stdout + result.stderr,
    );
  }
  writeStamp("install", stampNow());
  say(`Dependencies are installed (${Math.round((Date.now() - started) / 1000)} s).`);
}
