import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { tidyRules } from "../tidy/rules.ts";
import { type Check, execute, reportFindings, root } from "./check.ts";

/** The rules of scripts/tidy over every file that git tracks. */
export const tidy: Check = {
  name: "tidy",
  async run() {
    const listed = await execute("git", ["ls-files", "-z"]);
    // A tracked file that was just deleted is git's business.
    const files = listed.split("\0").filter((file) => file !== "" && existsSync(join(root, file)));
    const findings = files.flatMap((path) => {
      const bytes = readFileSync(join(root, path));
      const text = bytes.includes(0) ? "" : bytes.toString("utf8");
      const file = { path, text, bytes: statSync(join(root, path)).size };
      return tidyRules.flatMap((rule) => rule.find(file).map((place) => `${path}${place}: ${rule.name}`));
    });
    reportFindings(findings);
    return `${files.length} files`;
  },
};
