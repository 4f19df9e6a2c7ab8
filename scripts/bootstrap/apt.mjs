import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { say } from "./say.mjs";

const policyFile = "/usr/sbin/policy-rc.d";

/** Installs a package of the distribution where that can be done without asking. Whether it worked shows what is there. */
export function installWithApt(name, purpose) {
  const isRoot = process.getuid && process.getuid() === 0;
  const sudo = isRoot ? [] : ["sudo", "-n"];
  if (!isRoot && spawnSync("sudo", ["-n", "true"]).status !== 0) return;
  if (spawnSync("apt-get", ["--version"]).status !== 0) return;
  say(`Installing ${name} for ${purpose} with apt-get …`);
  const apt = (args) => {
    const [command, ...rest] = sudo.concat("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", args);
    return spawnSync(command, rest, { stdio: ["ignore", "ignore", 2] }).status === 0;
  };
  // A package would start its service, on a port that is not ours to take.
  const guarded = isRoot && !fs.existsSync(policyFile);
  if (guarded) fs.writeFileSync(policyFile, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    if (!apt(["install", "-y", "--no-install-recommends", name])) {
      apt(["update"]);
      apt(["install", "-y", "--no-install-recommends", name]);
    }
  } finally {
    if (guarded) fs.unlinkSync(policyFile);
  }
}
