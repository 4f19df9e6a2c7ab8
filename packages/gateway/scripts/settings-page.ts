/** The settings table of docs/gateway.md, from the schema. `--write` writes it, `--check` fails when the page differs. */
import { readFileSync, writeFileSync } from "node:fs";
import { envName } from "@endcap/service-kit";
import { gatewayConfig } from "../src/index.ts";

const page = new URL("../../../docs/gateway.md", import.meta.url);
const [open, close] = ["<!-- settings, generated -->\n", "<!-- end of settings -->"];

const rows = Object.entries(gatewayConfig.schema.properties).map(([key, schema]) => {
  const preset: unknown = Reflect.get(schema, "default");
  const shown = preset === undefined ? "none" : `\`${typeof preset === "string" ? preset : JSON.stringify(preset)}\``;
  const description = String(Reflect.get(schema, "description")).replaceAll("|", "\\|");
  return `| \`${key}\`<br>\`${envName("gateway", key)}\` | ${shown} | ${description} |`;
});
const table = `| setting | default | what, and why |\n|---|---|---|\n${rows.join("\n")}\n`;

const text = readFileSync(page, "utf8");
const [from, to] = [text.indexOf(open) + open.length, text.indexOf(close)];
if (from < open.length || to < from) throw new Error("docs/gateway.md has no place for the settings");
const renewed = text.slice(0, from) + table + text.slice(to);

if (process.argv.includes("--write")) writeFileSync(page, renewed);
if (process.argv.includes("--check") && text !== renewed) {
  console.error(
    "docs/gateway.md differs from the settings: run node --conditions=@endcap/source packages/gateway/scripts/settings-page.ts --write",
  );
  process.exitCode = 1;
}
