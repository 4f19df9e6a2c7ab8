import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { type Check, execute, reportFindings, root } from "./check.ts";
import { tool } from "./go-tools.ts";
import { pendingChangesets, publishedPackages } from "./workspace.ts";

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>;
}

/** Names that the workflow's publishing loop goes through, in its order. */
function namesInWorkflow(): string[] {
  const { jobs } = parse(readFileSync(join(root, ".github/workflows/release.yml"), "utf8")) as Workflow;
  const runs = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  const loop = /for package in ([\w -]+); do/.exec(runs.find((run) => run.includes("npm publish")) ?? "");
  return loop?.[1]?.split(" ") ?? [];
}

/** What the workflow's steps find after `release -- pack`: one tarball for each name, and each after what it stands on. */
function judgeTarballs(dir: string): string[] {
  const laid = readdirSync(join(dir, "npm"));
  const names = namesInWorkflow();
  const packages = new Map(
    publishedPackages().map(({ manifest }) => [manifest.name.replace("@endcap/", ""), manifest]),
  );
  const findings = [...packages.keys()]
    .filter((name) => !names.includes(name))
    .map((name) => `${name} is not published`);
  for (const [index, name] of names.entries()) {
    const count = laid.filter((file) => file.startsWith(`endcap-${name}-`) && file.endsWith(".tgz")).length;
    if (count !== 1) findings.push(`the workflow publishes endcap-${name}-*.tgz: there are ${count}`);
    for (const needed of Object.keys(packages.get(name)?.dependencies ?? {})) {
      const short = needed.replace("@endcap/", "");
      if (packages.has(short) && names.indexOf(short) > index) findings.push(`${name} is published before ${needed}`);
    }
  }
  return findings;
}

/** A CDN keeps what it was given: nothing but what the manifest names, and v1.js, which is one of those. */
function judgeCdn(dir: string): string[] {
  const sdk = join(dir, "cdn/sdk");
  const { files } = JSON.parse(readFileSync(join(sdk, "manifest.json"), "utf8")) as {
    files: { name: string; path: string; integrity: string }[];
  };
  const named = new Set([...files.map(({ path }) => path.replace("/sdk/", "")), "v1.js", "manifest.json"]);
  const findings = readdirSync(sdk).flatMap((file) => (named.has(file) ? [] : `cdn/sdk/${file} is in no manifest`));
  const core = files.find(({ name }) => name === "v1.js");
  if (!core || !readFileSync(join(sdk, "v1.js")).equals(readFileSync(join(dir, "cdn", core.path)))) {
    findings.push("v1.js is not the file that the manifest names");
  }
  return findings;
}

/** Changes on their way to a release: each names packages that are published, how much they change, and for whom. */
function judgeChangesets(): { count: number; findings: string[] } {
  const published = new Set(publishedPackages().map(({ manifest }) => manifest.name));
  const files = pendingChangesets();
  const findings = files.flatMap((file) => {
    const [, head = "", text = ""] =
      /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(readFileSync(join(root, file), "utf8")) ?? [];
    const bumps = Object.entries((parse(head) ?? {}) as Record<string, unknown>);
    const wrong = bumps.filter(([name, bump]) => !published.has(name) || !/^(major|minor|patch)$/.test(`${bump}`));
    return bumps.length === 0 || wrong.length > 0 || text.trim() === "" ? [`${file} is no changeset`] : [];
  });
  return { count: files.length, findings };
}

/** The steps of the release workflow up to those that send something, and what those would find. */
export const release: Check = {
  name: "release",
  async run() {
    const dir = mkdtempSync(join(tmpdir(), "endcap-release-"));
    try {
      // By itself: what it finds must not depend on other tools that happen to be here.
      await execute(await tool("actionlint"), ["-shellcheck=", "-pyflakes=", ".github/workflows/release.yml"], root);
      // As outside of a workflow: a workflow's own variables would have it write into package.json.
      const outside = { GITHUB_REPOSITORY: "", GITHUB_REF_TYPE: "", INIT_CWD: "" };
      const said = await execute(process.execPath, ["scripts/release.ts", "pack", dir], root, outside);
      const { count, findings } = judgeChangesets();
      reportFindings([...judgeTarballs(dir), ...judgeCdn(dir), ...findings]);
      return `${said.trim()}, ${count} changesets`;
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
};
