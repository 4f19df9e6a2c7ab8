import { basename, dirname } from "node:path";
import { type Check, program } from "./check.ts";
import { find } from "./workspace.ts";

/** `tsc` once for each tsconfig of the workspace: a package may keep its tests under other settings than its sources. */
export function typeChecks(): Check[] {
  const projects = find("{packages,examples}/*/tsconfig*.json", "{bench,scripts}/tsconfig*.json");
  return projects.map((project) => {
    const kind = /^tsconfig\.(.+)\.json$/.exec(basename(project))?.[1];
    const name = `types ${basename(dirname(project))}${kind ? ` (${kind})` : ""}`;
    const memory = `node_modules/.endcap/types/${project.replaceAll("/", "-")}.tsbuildinfo`;
    const options = ["--noEmit", "--incremental", "--tsBuildInfoFile", memory, "--pretty", "false"];
    return program(name, "tsc", ...options, "-p", project);
  });
}
