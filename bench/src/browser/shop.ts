/** The example shop with everything behind it, as `npm start` gives it, in a directory of its own on free ports. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const start = fileURLToPath(new URL("../../../examples/storefront/src/start.ts", import.meta.url));

export interface RunningShop {
  readonly shop: string;
  readonly gateway: string;
}

export async function startShop(shoppers: number, cleanup: (work: () => Promise<void>) => void): Promise<RunningShop> {
  const dir = await mkdtemp(join(tmpdir(), "endcap-browser-"));
  cleanup(() => rm(dir, { recursive: true, force: true }));
  const ports = ["shop", "gateway", "control", "collector", "ml"].flatMap((name) => [`--${name}-port`, "0"]);
  const args = [
    "--conditions=@endcap/source",
    start,
    "--data",
    join(dir, "data"),
    "--shoppers",
    `${shoppers}`,
    ...ports,
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  cleanup(async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGINT");
    await once(child, "exit");
  });
  let output = "";
  for await (const line of createInterface({ input: child.stdout })) {
    output += `${line}\n`;
    if (line.startsWith("Ctrl-C")) break;
  }
  const [shop, gateway] = ["shop", "gateway"].map((name) => new RegExp(`(http:\\S+) +the ${name}`).exec(output)?.[1]);
  if (shop === undefined || gateway === undefined) throw new Error(`the shop did not start: ${output}`);
  return { shop, gateway };
}
