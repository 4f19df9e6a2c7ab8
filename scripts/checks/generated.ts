import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Check, execute, root } from "./check.ts";
import { find } from "./workspace.ts";

/**
 * What is generated and committed (the OpenAPI document, the error page) is what the sources give today. Any
 * `packages/<name>/scripts/<what>.ts` or `scripts/generate/<what>.ts` that knows `--check` takes part.
 */
export function generatedChecks(): Check[] {
  const scripts = find("packages/*/scripts/*.ts", "scripts/generate/*.ts").filter((file) =>
    readFileSync(join(root, file), "utf8").includes('"--check"'),
  );
  return scripts.map((script) => ({
    name: `generated ${basename(script, ".ts")}`,
    async run() {
      await execute(process.execPath, ["--conditions=@endcap/source", script, "--check"]);
      return undefined;
    },
  }));
}
