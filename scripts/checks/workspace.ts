import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./check.ts";

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface WorkspacePackage {
  /** Relative to the root, as `packages/ml`. */
  readonly dir: string;
  readonly manifest: Manifest;
}

/** Paths below the root that match, sorted and relative to it. */
export function find(...patterns: string[]): string[] {
  return globSync(patterns, { cwd: root, exclude: ["**/node_modules/**", "**/dist/**"] }).sort();
}

function workspacePackages(): WorkspacePackage[] {
  return find("packages/*/package.json", "examples/*/package.json", "bench/package.json").map((file) => ({
    dir: dirname(file),
    manifest: JSON.parse(readFileSync(join(root, file), "utf8")) as Manifest,
  }));
}

/** What customers install: every package that is not private. */
export const publishedPackages = (): WorkspacePackage[] =>
  workspacePackages().filter(({ manifest }) => manifest.private !== true);

/** Changes on their way to a release, as `.changeset/….md`. */
export const pendingChangesets = (): string[] => find(".changeset/*.md").filter((file) => !file.endsWith("/README.md"));
