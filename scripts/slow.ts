/**
 * The slow lane: `npm run slow -- <name>` runs `<name>.slow.test.ts` and keeps what it said in `docs/slow/<name>.log`.
 * A failed run is said on the terminal and leaves the last good log as it was.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { cleanLog } from "./slow/clean-log.ts";

const root = path.dirname(import.meta.dirname);
const files = new Map(
  globSync("{packages/*,examples/*,bench,scripts}/test/**/*.slow.test.ts", { cwd: root })
    .sort()
    .map((file) => [path.basename(file, ".slow.test.ts"), file]),
);

async function run(name: string, file: string): Promise<boolean> {
  const started = new Date();
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
  const child = spawn(process.execPath, [vitest, "run", "--project", "slow", "--reporter", "verbose", file], {
    cwd: root,
    env: { ...process.env, ENDCAP_SLOW: "1", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      process.stdout.write(text);
    });
  }
  const [code] = await once(child, "close");
  if (code !== 0) return false;
  const day = started.toISOString().slice(0, 10);
  const head = `$ npm run slow -- ${name}\n${day}, Node ${process.version}\n`;
  const log = path.join(root, "docs/slow", `${name}.log`);
  mkdirSync(path.dirname(log), { recursive: true });
  writeFileSync(log, head + cleanLog(said, { root, temporary: tmpdir(), host: hostname() }));
  process.stdout.write(`\nKept in ${path.relative(root, log)}\n`);
  return true;
}

const [name = ""] = process.argv.slice(2);
const file = files.get(name);
if (file === undefined) {
  process.stderr.write(`Name a slow test: npm run slow -- <name>. There are: ${[...files.keys()].join(", ")}\n`);
  process.exitCode = 2;
} else {
  process.exitCode = (await run(name, file)) ? 0 : 1;
}
