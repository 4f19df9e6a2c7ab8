import { spawn } from "node:child_process";
import os from "node:os";
import { fail } from "./say.mjs";

const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"];
const settleMs = 150;
const repeatMs = 1000;

/**
 * Runs the task in the foreground and ends as it ends: same exit code, 128 + n after signal n.
 *
 * Each signal reaches the task once. Ctrl-C goes to the whole process group, so the task has it already and passing it
 * on would make it two (npm itself passes it on to us a second time). `kill <pid of npm>` reaches only us, so we must
 * pass it on. The canary tells the two apart: a `cat` in our process group that dies of any signal sent to the group.
 */
export function runTask(command, args, options) {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: "inherit" });
  let canary = startCanary();
  const lastAt = {};

  for (const signal of forwarded) {
    process.on(signal, () => {
      const now = Date.now();
      if (now - (lastAt[signal] || 0) < repeatMs) return;
      lastAt[signal] = now;
      setTimeout(() => {
        if (canary.isAlive()) child.kill(signal);
        else canary = startCanary();
      }, settleMs);
    });
  }

  child.on("error", (error) => fail(`The task could not be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    canary.stop();
    process.exit(signal ? 128 + os.constants.signals[signal] : code);
  });
}

function startCanary() {
  // Its stdin is a pipe from us: it ends with us however we end.
  const cat = spawn("cat", [], { stdio: ["pipe", "ignore", "ignore"] });
  let alive = true;
  cat.on("exit", () => {
    alive = false;
  });
  // Without a `cat` every signal counts as ours alone: twice is better than never.
  cat.on("error", () => undefined);
  return {
    isAlive: () => alive,
    stop: () => cat.kill(),
  };
}
