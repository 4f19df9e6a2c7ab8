import { existsSync } from "node:fs";
import { join } from "node:path";
import { cruise, type ICruiseResult, type IViolation } from "dependency-cruiser";
import { rules } from "./rules.ts";

const rooms = ["packages", "examples", "bench", "scripts"];

/** Follows every import of a workspace as our processes do (condition `@endcap/source`, `.ts` specifiers). */
export async function cruiseFloors(root: string): Promise<{ modules: number; violations: IViolation[] }> {
  const { output } = await cruise(
    rooms.filter((room) => existsSync(join(root, room))),
    {
      baseDir: root,
      ruleSet: { forbidden: rules },
      validate: true,
      tsPreCompilationDeps: true,
      doNotFollow: { path: "node_modules" },
      // The applications are customers outside of the workspace; the check "apps" installs and builds them.
      exclude: { path: "(^|/)dist/|^examples/apps/" },
      combinedDependencies: true,
    },
    {
      exportsFields: ["exports"],
      conditionNames: ["@endcap/source", "import", "node", "default", "types"],
      extensions: [".ts", ".js", ".mjs", ".cjs", ".json"],
    },
  );
  const { modules, summary } = output as ICruiseResult;
  return { modules: modules.length, violations: summary.violations };
}
