/**
 * Writes api.md of each published package: its declarations as a customer's compiler reads them, so that a change of the
 * public surface stands in the diff of the commit that makes it. Reads dist/. `--check` fails when a page is not what the
 * build gives today.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { root } from "../checks/check.ts";
import { publishedPackages, type WorkspacePackage } from "../checks/workspace.ts";

/** Files that several entries share are named by a hash of their bytes; here they keep their name. */
const withoutHash = (text: string) => text.replace(/(\w+)-[\w-]{8}(\.d\.ts|\.js)/g, "$1$2");

function typesOf(target: unknown): string | undefined {
  return typeof target === "object" && target !== null && "types" in target ? String(target.types) : undefined;
}

function report({ dir, manifest }: WorkspacePackage): string {
  const shared = new Map<string, string>();
  const read = (file: string): string => {
    const text = readFileSync(file, "utf8");
    for (const [, path = ""] of text.matchAll(/from '(\.[^']+)\.js'/g)) {
      const other = join(dirname(file), `${path}.d.ts`);
      if (shared.has(other) || !existsSync(other)) continue;
      shared.set(other, "");
      shared.set(other, read(other));
    }
    return text.trim();
  };
  const section = (title: string, text: string) => `## ${title}\n\n\`\`\`ts\n${text}\n\`\`\`\n`;
  const entries = Object.entries(manifest.exports ?? {}).flatMap(([path, target]) => {
    const types = typesOf(target);
    return types === undefined ? [] : [{ path, file: join(root, dir, types) }];
  });
  const files = new Set(entries.map(({ file }) => file));
  const sections = entries.map(({ path, file }) => section(`\`${manifest.name}${path.slice(1)}\``, read(file)));
  for (const [file, text] of [...shared].sort(([a], [b]) => (withoutHash(a) < withoutHash(b) ? -1 : 1))) {
    if (!files.has(file)) sections.push(section(basename(withoutHash(file)), text));
  }
  const head = `# API of ${manifest.name}\n\nWritten by \`scripts/generate/api-reports.ts\` from the build: every declaration that a customer's compiler sees.\n`;
  return withoutHash([head, ...sections].join("\n"));
}

let isStale = false;
for (const pkg of publishedPackages()) {
  const target = join(root, pkg.dir, "api.md");
  const text = report(pkg);
  if (!process.argv.includes("--check")) writeFileSync(target, text);
  else if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
    process.stderr.write(
      `${pkg.dir}/api.md is not up to date: run npm run build, then scripts/generate/api-reports.ts\n`,
    );
    isStale = true;
  }
}
process.exitCode = isStale ? 1 : 0;
