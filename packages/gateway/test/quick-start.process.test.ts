import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { freePort } from "./support/ports.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const page = readFileSync(join(root, "docs", "gateway.md"), "utf8");

/** Without what the npm that runs these tests tells its children: it would send them to its own directory. */
const callersEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name !== "INIT_CWD" && !name.startsWith("npm_")),
);

/** The code block that the page marks with these words. */
function snippet(mark: string): string {
  const found = new RegExp(`^\`\`\`[a-z]+ ${mark}\\n([^]*?)^\`\`\`$`, "m").exec(page)?.[1];
  if (found === undefined) throw new Error(`docs/gateway.md has no block ${mark}`);
  return found;
}

it("docs/gateway.md: the quick start works as it is printed, ports apart", async () => {
  const directory = mkdtempSync(join(tmpdir(), "endcap-quick-start-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  // As much of a clone as npm reads; what its scripts start finds the rest by itself.
  for (const part of ["package.json", "scripts"]) symlinkSync(join(root, part), join(directory, part));
  const ports = { "7401": await freePort(), "7402": await freePort() };
  const printed = (mark: string) => {
    let text = snippet(mark);
    for (const [port, free] of Object.entries(ports)) text = text.replaceAll(`:${port}`, `:${free}`);
    return text;
  };

  async function start(mark: string, env: Record<string, string>): Promise<void> {
    const child = spawn("sh", ["-c", `exec env ${printed(mark)}`], {
      cwd: directory,
      env: { ...callersEnv, ...env },
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    const closed = once(child, "close");
    onTestFinished(async () => {
      // Ctrl-C: npm, its shell and what they started all get it.
      process.kill(-(child.pid ?? Number.NaN), "SIGINT");
      await closed;
    });
    const { promise: listening, resolve } = Promise.withResolvers<void>();
    child.stdout.on("data", (chunk: Buffer) => chunk.includes("listens on") && resolve());
    await listening;
  }
  const curl = async (mark: string): Promise<Record<string, unknown>> =>
    JSON.parse((await promisify(execFile)("sh", ["-c", printed(mark)], { cwd: directory })).stdout);

  writeFileSync(join(directory, "gateway.yaml"), printed("file=gateway.yaml"));
  await start("run=gateway", { ENDCAP_GATEWAY_PORT: String(ports["7401"]), ENDCAP_GATEWAY_ADMIN_PORT: "0" });
  expect(await curl("run=session")).toMatchObject({ session: { token: expect.stringMatching(/^ey/) } });

  await start("run=collector", { ENDCAP_COLLECTOR_PORT: String(ports["7402"]), ENDCAP_COLLECTOR_ADMIN_PORT: "0" });
  expect(await curl("run=event")).toMatchObject({ accepted: 1, rejected: [] });
});
