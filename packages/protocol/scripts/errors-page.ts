/** The text of docs/errors.md, from the catalogue. `--write` writes it, `--check` fails when the page differs. */
import { readFileSync, writeFileSync } from "node:fs";
import { ERRORS } from "../src/errors.ts";

const page = new URL("../../../docs/errors.md", import.meta.url);

const rows = (onWire: boolean) =>
  Object.entries(ERRORS)
    .filter(([, { status }]) => status > 0 === onWire)
    .sort(([, a], [, b]) => a.status - b.status)
    .map(
      ([code, { status, title, hint }]) =>
        `| <a id="${code}"></a>\`${code}\` | ${onWire ? `${status} | ` : ""}${title} | ${hint} |`,
    )
    .join("\n");

export const errorsPage = `# Error codes

Generated from \`packages/protocol/src/errors.ts\`; \`npm run check\` holds both to each other. Codes are stable and only ever added.
On the wire an error is [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem+json: \`{type, title, status, code, detail, instance, errors?}\`. \`detail\` explains this case and echoes no value that was sent; \`instance\` is the request id to give to the operator. Statuses 408, 425, 429, 500, 502, 503 and 504 may be tried again; \`Retry-After\` says when.

## On the wire

| code | status | title | what to do |
|---|---|---|---|
${rows(true)}

## Command line and processes

They end the process with a non-zero exit code and one sentence.

| code | title | what to do |
|---|---|---|
${rows(false)}
`;

if (process.argv.includes("--write")) writeFileSync(page, errorsPage);
if (process.argv.includes("--check") && readFileSync(page, "utf8") !== errorsPage) {
  console.error(
    "docs/errors.md differs from the catalogue: run node --conditions=@endcap/source packages/protocol/scripts/errors-page.ts --write",
  );
  process.exitCode = 1;
}
