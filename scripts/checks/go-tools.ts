import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CheckFailure, execute, root } from "./check.ts";

const home = join(root, ".toolchain");

/** Go modules by exact version; Go's checksum database vouches for their bytes. */
const tools = {
  helm: { module: "helm.sh/helm/v4/cmd/helm", version: "v4.3.1" },
  actionlint: { module: "github.com/rhysd/actionlint/cmd/actionlint", version: "v1.7.12" },
  kubeconform: { module: "github.com/yannh/kubeconform/cmd/kubeconform", version: "v0.8.0" },
} as const;

const goEnv = { CGO_ENABLED: "0", GOFLAGS: "-trimpath", GOTOOLCHAIN: "local" };

/** @throws CheckFailure where there is no Go: what cannot be checked is not taken for good */
function needGo(): void {
  if (spawnSync("go", ["version"]).status === 0) return;
  throw new CheckFailure(
    "Charts and workflows are checked with tools that are built from Go modules: install Go (1.26 or newer) first.",
  );
}

/** The path of a tool, built on first use: `.toolchain/bin/helm-v4.3.1`. Helm takes a minute or two. */
export async function tool(name: keyof typeof tools): Promise<string> {
  const { module, version } = tools[name];
  const file = join(home, "bin", `${name}-${version}`);
  if (existsSync(file)) return file;
  needGo();
  mkdirSync(join(home, "bin"), { recursive: true });
  const made = mkdtempSync(join(home, "go-"));
  try {
    await execute("go", ["install", "-ldflags=-s -w", `${module}@${version}`], root, { ...goEnv, GOBIN: made });
    // Renamed when whole: a build that was interrupted leaves nothing that looks like a tool.
    renameSync(join(made, name), file);
  } finally {
    rmSync(made, { recursive: true });
  }
  return file;
}

/** The directory of a Go module's sources, read only. */
export async function goModule(module: string, version: string): Promise<string> {
  needGo();
  const answer: { Dir: string } = JSON.parse(
    await execute("go", ["mod", "download", "-json", `${module}@${version}`], root, goEnv),
  );
  return answer.Dir;
}
