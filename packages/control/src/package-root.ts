import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** This package's directory, from its sources and from its build alike: where `migrations/` and `console/` lie. */
export function packageRoot(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, "package.json"))) directory = dirname(directory);
  return directory;
}
