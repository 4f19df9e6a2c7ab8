import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { root } from "./say.mjs";

// Inside node_modules on purpose: who deletes node_modules to start afresh gets a full set-up.
const stampFile = (name) => path.join(root, "node_modules", ".endcap", name);

/** All files below a file or directory, sorted, without what tools generate. */
export function listFiles(start) {
  if (!fs.existsSync(start)) return [];
  if (!fs.statSync(start).isDirectory()) return [start];
  const files = [];
  for (const entry of fs.readdirSync(start).sort()) {
    if (entry === "node_modules" || entry === "dist") continue;
    files.push(...listFiles(path.join(start, entry)));
  }
  return files;
}

/** One hash over the names and contents of files and over further strings: content, because git does not keep times. */
export function hashOf(files, extra) {
  const hash = createHash("sha256");
  for (const file of files) {
    hash.update(`${path.relative(root, file)}\0`);
    hash.update(fs.readFileSync(file));
    hash.update("\0");
  }
  for (const text of extra || []) hash.update(`${text}\0`);
  return hash.digest("hex");
}

export function hasStamp(name, value) {
  try {
    return fs.readFileSync(stampFile(name), "utf8") === value;
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return false;
    throw error;
  }
}

export function writeStamp(name, value) {
  const file = stampFile(name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, value);
}
