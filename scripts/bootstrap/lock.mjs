import fs from "node:fs";
import path from "node:path";
import { root, say } from "./say.mjs";

const lockFile = path.join(root, ".toolchain", "lock");

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function holder() {
  try {
    return Number(fs.readFileSync(lockFile, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return 0;
    throw error;
  }
}

function tryAcquire() {
  try {
    // Written aside and linked into place, so that nobody reads a lock that has no owner in it yet.
    const own = `${lockFile}.${process.pid}`;
    fs.writeFileSync(own, String(process.pid));
    try {
      fs.linkSync(own, lockFile);
    } finally {
      fs.unlinkSync(own);
    }
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** Runs `work` while no other set-up of this clone runs: two terminals on a fresh clone must not install at once. */
export function withLock(work) {
  fs.mkdirSync(path.dirname(lockFile), { recursive: true });
  let said = false;
  while (!tryAcquire()) {
    const pid = holder();
    if (pid && !isAlive(pid)) {
      // Left behind by a set-up that was killed.
      fs.unlinkSync(lockFile);
      continue;
    }
    if (!said)
      say(`Waiting for the set-up of this clone by process ${pid} (if there is none, delete .toolchain/lock).`);
    said = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  const release = () => {
    if (holder() === process.pid) fs.unlinkSync(lockFile);
  };
  process.once("exit", release);
  try {
    return work();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}
