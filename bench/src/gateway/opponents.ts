/** The proxies that are measured beside ours, and the load generator: Debian packages, installed when they are missing. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";

/** A program, the packages that bring it, and a file that tells whether they are there. */
const programs = {
  wrk: { packages: ["wrk"], file: "/usr/bin/wrk" },
  nginx: { packages: ["nginx-light"], file: "/usr/sbin/nginx" },
  nginxLua: {
    packages: ["nginx-light", "libnginx-mod-http-lua", "lua-resty-core", "lua-cjson"],
    file: "/usr/lib/nginx/modules/ngx_http_lua_module.so",
  },
  haproxy: { packages: ["haproxy"], file: "/usr/sbin/haproxy" },
  caddy: { packages: ["caddy"], file: "/usr/bin/caddy" },
} as const;
export type Program = keyof typeof programs;

export interface Installed {
  has(program: Program): boolean;
  readonly missing: readonly Program[];
}

const policyFile = "/usr/sbin/policy-rc.d";

/**
 * Installs what is missing with apt-get. What cannot be installed is told and left out; in CI (`CI` is set) that is an
 * error, so that no comparison vanishes unseen.
 */
export function installOpponents(log: (line: string) => void): Installed {
  const names = Object.keys(programs) as Program[];
  const absent = () => names.filter((name) => !existsSync(programs[name].file));
  if (absent().length > 0) install(absent(), log);
  const missing = absent();
  if (missing.length > 0) {
    const packages = missing.flatMap((name) => programs[name].packages).join(" ");
    const advice = `missing: ${missing.join(", ")}; install them with: apt-get install ${packages}`;
    if (process.env.CI || missing.includes("wrk")) throw new Error(advice);
    log(`${advice}; they are left out`);
  }
  return { has: (program) => !missing.includes(program), missing };
}

function install(wanted: readonly Program[], log: (line: string) => void): void {
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).error !== undefined) {
    log("only root on a Debian system can install the opponents");
    return;
  }
  const packages = [...new Set(wanted.flatMap((name) => programs[name].packages))];
  log(`apt-get install ${packages.join(" ")}`);
  // The packages would start their services, on ports that are not ours to take.
  const guarded = !existsSync(policyFile);
  if (guarded) writeFileSync(policyFile, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    if (!aptGet(["install", "-y", "--no-install-recommends", ...packages])) {
      aptGet(["update"]);
      aptGet(["install", "-y", "--no-install-recommends", ...packages]);
    }
  } finally {
    if (guarded) rmSync(policyFile, { force: true });
  }
}

function aptGet(args: readonly string[]): boolean {
  try {
    execFileSync("apt-get", ["-q", ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      stdio: ["ignore", "ignore", "inherit"],
      timeout: 300_000,
    });
    return true;
  } catch {
    return false;
  }
}
