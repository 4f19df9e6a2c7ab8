import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";

const task = new URL("../bootstrap/task.mjs", import.meta.url).href;
const running: ChildProcess[] = [];

/** Starts `program` the way npm scripts do, as the leader of its own process group, and waits for its first line. */
async function start(program: string) {
  const driver = `
    import { runTask } from ${JSON.stringify(task)};
    runTask(process.execPath, ["--eval", ${JSON.stringify(program)}], { cwd: ".", env: process.env });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", driver], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(child);
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  const first = once(reader, "line");
  reader.on("line", (line) => lines.push(line));
  const ended = once(child, "close").then(([code]) => ({ code, lines }));
  await Promise.race([first, ended]);
  return { pid: child.pid ?? Number.NaN, ended };
}

// Ends later than a second signal would take to come, so that the second one would be counted.
const tellsSignals = `
  for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => { console.log(name); setTimeout(() => process.exit(7), 600); });
  setInterval(() => {}, 1000);
  console.log(process.pid);`;

afterEach(() => {
  for (const child of running.splice(0)) {
    if (child.pid && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
  }
});

test("the task's exit code is the command's", async () => {
  const { ended } = await start("console.log(1); process.exitCode = 3");
  expect(await ended).toEqual({ code: 3, lines: ["1"] });
});

test("a task that dies of a signal ends the command with 128 + its number", async () => {
  const { ended } = await start("console.log(1); process.kill(process.pid, 'SIGKILL')");
  expect((await ended).code).toBe(137);
});

test("Ctrl-C, a signal to the whole process group, reaches the task once", async () => {
  const { pid, ended } = await start(tellsSignals);
  process.kill(-pid, "SIGINT");
  const { code, lines } = await ended;
  expect(lines.slice(1)).toEqual(["SIGINT"]);
  expect(code).toBe(7);
});

test("Ctrl-C under npm, which passes the group's signal on again, reaches the task once", async () => {
  const { pid, ended } = await start(tellsSignals);
  process.kill(-pid, "SIGINT");
  process.kill(pid, "SIGINT");
  expect((await ended).lines.slice(1)).toEqual(["SIGINT"]);
});

test("a signal to the command alone is passed on, once", async () => {
  const { pid, ended } = await start(tellsSignals);
  process.kill(pid, "SIGTERM");
  const { code, lines } = await ended;
  expect(lines.slice(1)).toEqual(["SIGTERM"]);
  expect(code).toBe(7);
});
