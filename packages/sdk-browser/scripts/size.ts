/** What a shop page pays: `--json` prints one line, `--peers` weighs the peers as npm has them today. Exits 1 above a budget. */
import { BUDGETS, measureSizes, overBudget } from "./measure.ts";
import { weighPeers } from "./peers.ts";

const sizes = await measureSizes();
const over = overBudget(sizes);
const peers = process.argv.includes("--peers") ? await weighPeers() : undefined;

if (process.argv.includes("--json")) {
  process.stdout.write(
    `${JSON.stringify({ bench: "size", ok: over.length === 0, figures: { ...sizes, ...(peers && { peers }) } })}\n`,
  );
} else {
  for (const [name, bytes] of Object.entries(sizes)) process.stdout.write(`${name} ${bytes}\n`);
  for (const { name, version, bytes } of peers ?? []) process.stdout.write(`${name}@${version} ${bytes}\n`);
}
for (const name of over) process.stderr.write(`${name} is over its budget of ${BUDGETS[name]} bytes\n`);
if (over.length > 0) process.exitCode = 1;
