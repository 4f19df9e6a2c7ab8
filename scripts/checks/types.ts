import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Check, execute, root } from "./check.ts";
import { find } from "./workspace.ts";

interface Project {
  readonly file: string;
  readonly include: readonly string[];
}

const memory = join(root, "node_modules/.endcap/types");

/** `gateway`, or `protocol (test)` for a second tsconfig beside the first. */
function nameOf(file: string): string {
  const kind = /^tsconfig\.(.+)\.json$/.exec(basename(file))?.[1];
  return basename(dirname(file)) + (kind ? ` (${kind})` : "");
}

/** All tsconfigs of the workspace, those with the same settings together. */
function projectGroups(): Project[][] {
  const groups = new Map<string, Project[]>();
  for (const file of find("{packages,examples}/*/tsconfig*.json", "{bench,scripts}/tsconfig*.json")) {
    const { include, ...settings } = JSON.parse(readFileSync(join(root, file), "utf8")) as { include: string[] };
    const inherited = { ...settings, extends: "" };
    const key = JSON.stringify(inherited);
    groups.set(key, [...(groups.get(key) ?? []), { file, include }]);
  }
  return [...groups.values()];
}

/** One tsconfig for several projects that differ in nothing but their files. */
function writeJoined(projects: readonly Project[]): string {
  const [first] = projects;
  const settings = JSON.parse(readFileSync(join(root, first?.file ?? ""), "utf8")) as object;
  const include = projects.flatMap(({ file, include }) => include.map((path) => join(root, dirname(file), path)));
  const exclude = ["node_modules", "dist"].map((name) => join(root, "**", name));
  const joined = { ...settings, extends: join(root, "tsconfig.base.json"), include, exclude };
  const path = join(memory, `${nameOf(first?.file ?? "")}-and-others.json`);
  writeFileSync(path, JSON.stringify(joined));
  return path;
}

/**
 * `tsc` over every tsconfig. Projects with the same settings are checked as one program: most of the time goes into the
 * types of fastify and typebox, and that is paid once a program (15 s of CPU for ten packages instead of 11 s for each).
 */
export function typeChecks(): Check[] {
  return projectGroups().map((projects) => {
    const names = projects.map(({ file }) => nameOf(file));
    const isJoined = projects.length > 1;
    return {
      name: isJoined ? `types (${names.length} projects)` : `types ${names}`,
      async run() {
        mkdirSync(memory, { recursive: true });
        const project = isJoined ? writeJoined(projects) : (projects[0]?.file ?? "");
        const state = join(memory, `${names.join("-")}.tsbuildinfo`);
        const options = ["--noEmit", "--incremental", "--tsBuildInfoFile", state, "--pretty", "false"];
        await execute("tsc", [...options, "--project", project]);
        return isJoined ? names.join(", ") : undefined;
      },
    };
  });
}
