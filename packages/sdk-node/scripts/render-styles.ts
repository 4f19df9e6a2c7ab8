/**
 * Writes src/render/styles.ts: the element's own style sheet and its hash, so that a list that a server rendered looks as it
 * will when the browser SDK takes it over. `--check` fails when the file is not what the sources give today.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const source = new URL("../../sdk-browser/src/element/styles.ts", import.meta.url);
const target = new URL("../src/render/styles.ts", import.meta.url);

const css = /^const CSS = `\n([^`]*)`;$/m.exec(readFileSync(source, "utf8"))?.[1]?.trimEnd();
if (css === undefined) throw new Error("the element's style sheet is no longer where this script looks for it");
if (/[\\$]|<\//.test(css))
  throw new Error("the style sheet holds what a template literal or a style element reads otherwise");

const hash = createHash("sha256").update(css).digest("base64");
const text = `// Written by scripts/render-styles.ts from the browser SDK's element; do not edit.

/** The element's style sheet. */
export const STYLES = \`${css}\`;

/** Allows the style sheet in a Content-Security-Policy: \`style-src \${RECOMMENDATIONS_STYLE_HASH}\`. */
export const RECOMMENDATIONS_STYLE_HASH = "'sha256-${hash}'";
`;

if (!process.argv.includes("--check")) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  process.stderr.write(
    "src/render/styles.ts is not up to date: run node scripts/render-styles.ts in packages/sdk-node\n",
  );
  process.exitCode = 1;
}
