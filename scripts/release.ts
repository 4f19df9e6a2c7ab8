/**
 * `npm run release -- pack DIR`: everything that a release lays somewhere, from the builds that are there.
 *
 * - DIR/npm/*.tgz  the published packages
 * - DIR/cdn/sdk/   the script tag's files by hash, v1.js, and manifest.json with their integrity
 *
 * Publishes nothing. In a workflow it takes the version from the tag and refuses another one.
 */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execute, root } from "./checks/check.ts";
import { publishedPackages } from "./checks/workspace.ts";

interface SdkManifest {
  readonly files: readonly { readonly path: string; readonly integrity: string }[];
}

/** Provenance names the repository that a package says it comes from, so the package must say it. */
function nameRepository(dir: string): void {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
  if (!GITHUB_SERVER_URL || !GITHUB_REPOSITORY) return;
  const file = join(root, dir, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as object;
  const repository = { type: "git", url: `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git`, directory: dir };
  writeFileSync(file, `${JSON.stringify({ ...manifest, repository }, null, 2)}\n`);
}

/** Holds each file against its own name and its integrity: what a CDN keeps for ever must be right once. */
function layCdn(out: string): number {
  const sdk = join(root, "packages/sdk-browser/dist/sdk");
  const { files } = JSON.parse(readFileSync(join(sdk, "manifest.json"), "utf8")) as SdkManifest;
  for (const { path, integrity } of files) {
    const bytes = readFileSync(join(sdk, path.replace("/sdk/", "")));
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
    const sri = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
    if (path !== `/sdk/${hash}.js` || integrity !== sri) throw new Error(`${path} is not what manifest.json says`);
  }
  cpSync(sdk, join(out, "cdn/sdk"), { recursive: true });
  return files.length;
}

async function pack(out: string): Promise<void> {
  const npm = join(out, "npm");
  mkdirSync(npm, { recursive: true });
  const packages = publishedPackages();
  const versions = new Set(packages.map(({ manifest }) => manifest.version));
  const [version] = versions;
  if (versions.size !== 1) throw new Error(`one release, one version; there are ${[...versions].join(", ")}`);
  const tag = process.env.GITHUB_REF_TYPE === "tag" ? process.env.GITHUB_REF_NAME : undefined;
  if (tag !== undefined && tag !== `v${version}`) throw new Error(`the tag is ${tag}, the packages are ${version}`);
  for (const { dir } of packages) {
    nameRepository(dir);
    await execute("pnpm", ["pack", "--pack-destination", npm], join(root, dir));
  }
  process.stdout.write(`${packages.length} packages of ${version}, ${layCdn(out)} files for the CDN\n`);
}

const [action, out] = process.argv.slice(2);
if (action !== "pack" || !out) {
  process.stderr.write("usage: npm run release -- pack DIR\n");
  process.exit(2);
}
await pack(resolve(process.env.INIT_CWD ?? "", out));
