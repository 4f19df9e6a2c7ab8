// Makes a fresh clone ready, then runs one task. `npm start`, `npm test`, `npm run bench -- NAME` and the rest come here.
//
// It has no dependencies and keeps to the syntax of Node 12 (no `?.`, no `??`, no top-level await), because it runs
// before the right Node is there. Whatever it says goes to stderr: stdout belongs to the task.
import path from "node:path";
import { buildPackages } from "./bootstrap/build.mjs";
import { findChromium } from "./bootstrap/chromium.mjs";
import { installDependencies } from "./bootstrap/dependencies.mjs";
import { withLock } from "./bootstrap/lock.mjs";
import { findRedis } from "./bootstrap/redis.mjs";
import { fail, root } from "./bootstrap/say.mjs";
import { runTask } from "./bootstrap/task.mjs";
import { ensureToolchain } from "./bootstrap/toolchain.mjs";

const node = ["--conditions=@endcap/source", "--disable-warning=ExperimentalWarning"];

/** Every task: the arguments of Node that run it, and what it needs besides installed dependencies. */
const tasks = {
  start: { run: node.concat("examples/storefront/src/start.ts"), build: true },
  test: { run: ["node_modules/vitest/vitest.mjs", "run"], build: true, programs: true },
  size: { run: node.concat("packages/sdk-browser/scripts/size.ts") },
  slow: { run: node.concat("scripts/slow.ts"), build: true },
  smoke: { run: node.concat("bench/src/run.ts", "smoke"), build: true },
  bench: { run: node.concat("bench/src/run.ts"), build: true },
  endcap: { run: ["packages/control/dist/cli.js"], build: true, fromCaller: true },
  // V8's options as control's provisioner gives them to a gateway.
  gateway: {
    run: [
      "--min-semi-space-size=32",
      "--max-semi-space-size=32",
      "--v8-pool-size=1",
      "--no-memory-reducer",
      "--retain-maps-for-n-gc=1000000",
      "--no-allocation-site-pretenuring",
      "--max-inlined-bytecode-size=1500",
      "--max-inlined-bytecode-size-cumulative=10000",
      "--max-inlined-bytecode-size-absolute=20000",
      "--min-inlining-frequency=0.03",
      "packages/gateway/dist/server.js",
    ],
    build: true,
    fromCaller: true,
  },
  "gateway-keys": { run: node.concat("packages/gateway/scripts/new-keys.ts") },
  collector: {
    run: ["--v8-pool-size=1", "packages/collector/dist/server.js"],
    build: true,
    fromCaller: true,
  },
  check: { run: node.concat("scripts/check.ts"), build: true },
  release: { run: node.concat("scripts/release.ts"), build: true },
  format: { run: ["node_modules/@biomejs/biome/bin/biome", "check", "--write"] },
  build: { build: true },
  deps: { updateLockfile: true },
};

/** Without a browser, or Redis, the other tests still run, when they are asked for by name. */
function wants(project, args) {
  const projects = args.filter((arg, i) => arg.startsWith("--project=") || args[i - 1] === "--project");
  return projects.length === 0 || projects.some((asked) => asked.includes(project));
}

function main(name, args) {
  if (!Object.keys(tasks).includes(name)) {
    fail(`There is no task "${name}". The tasks are: ${Object.keys(tasks).join(", ")}.`);
  }
  const task = tasks[name];

  const { nodePath, env } = withLock(() => {
    const toolchain = ensureToolchain();
    installDependencies(toolchain, task.updateLockfile);
    if (task.build) buildPackages(toolchain);
    return toolchain;
  });
  if (task.programs && wants("browser", args)) env.ENDCAP_CHROMIUM = findChromium();
  if (task.programs && wants("process", args)) env.ENDCAP_REDIS_SERVER = findRedis();
  if (!task.run) return;

  let cwd = root;
  if (task.fromCaller && env.INIT_CWD) {
    // npm starts scripts at the root; the file names in arguments and settings are relative to where the caller stands.
    cwd = env.INIT_CWD;
    if (name === "endcap") env.ENDCAP_DATA = env.ENDCAP_DATA || path.join(root, ".endcap", "data");
  }
  const entry = task.run.map((arg) => (/\.(ts|js|mjs)$|^node_modules\//.test(arg) ? path.join(root, arg) : arg));
  runTask(nodePath, entry.concat(args), { cwd, env });
}

main(process.argv[2], process.argv.slice(3));
