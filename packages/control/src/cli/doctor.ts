import { existsSync, statfsSync, statSync } from "node:fs";
import { EndcapError } from "@endcap/protocol";
import type { Command } from "commander";
import { dataDirPaths } from "../data-dir.ts";
import { postgresAccount } from "../postgres/account.ts";
import { prepareRuntime } from "../postgres/runtime.ts";
import { programOf } from "../provisioner/programs.ts";
import { connectAdmin, readRunning } from "./admin-client.ts";
import type { GlobalOptions } from "./global-options.ts";
import { paint, show, table } from "./output.ts";

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly told: string;
}

interface StatusAnswer {
  readonly processes: readonly { name: string; state: string; restarts: number; rssBytes?: number; fault?: string }[];
}

const FREE_BYTES_MIN = 1024 ** 3;
const MB = 1024 ** 2;

export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("check the installation, the data directory and every process")
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const checks = [...installation(options), ...dataDirectory(options), ...(await processes(options))];
      const ok = checks.every((check) => check.ok);
      show(options, { ok, checks }, () =>
        table(
          ["", "CHECK", ""],
          checks.map(({ name, ok: good, told }) => [good ? paint("green", "ok") : paint("red", "fault"), name, told]),
        ),
      );
      if (!ok) process.exitCode = 1;
    });
}

function check(name: string, look: () => string): Check {
  try {
    return { name, ok: true, told: look() };
  } catch (error) {
    const told = error instanceof EndcapError ? (error.detail ?? error.message) : String(error);
    return { name, ok: false, told };
  }
}

function fault(detail: string): EndcapError {
  return new EndcapError("not_ready", { detail });
}

function installation(options: GlobalOptions): Check[] {
  return [
    check("node", () => {
      const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
      if (major < 22 || (major === 22 && minor < 19)) throw fault(`${process.version} is too old: 22.19 or newer`);
      return process.version;
    }),
    check("programs", () => {
      for (const name of ["gateway", "collector", "ml", "recommender"]) programOf(name, "server");
      programOf("recommender", "train");
      return "gateway, collector, ml, recommender, training";
    }),
    check("postgresql", () => {
      if (process.env.DATABASE_URL !== undefined) return "DATABASE_URL";
      const account = postgresAccount();
      prepareRuntime(account, dataDirPaths(options.data).cache);
      return account === undefined ? "embedded" : `embedded, as uid ${account.uid}`;
    }),
  ];
}

function dataDirectory(options: GlobalOptions): Check[] {
  const paths = dataDirPaths(options.data);
  if (!existsSync(paths.root)) {
    return [{ name: "data directory", ok: true, told: `${paths.root} is made by the first start` }];
  }
  return [
    check("data directory", () => paths.root),
    check("disk", () => {
      const { bavail, bsize } = statfsSync(paths.root);
      const free = bavail * bsize;
      if (free < FREE_BYTES_MIN) throw fault(`only ${Math.round(free / MB)} MB free`);
      return `${Math.round(free / FREE_BYTES_MIN)} GB free`;
    }),
    check("secrets", () => {
      for (const file of [paths.masterKey, paths.adminToken, paths.snapshotKey]) {
        if (!existsSync(file)) throw fault(`${file} is missing`);
        if ((statSync(file).mode & 0o077) !== 0) throw fault(`${file} can be read by others: chmod 600`);
      }
      return "readable by their owner alone";
    }),
  ];
}

async function processes(options: GlobalOptions): Promise<Check[]> {
  if (readRunning(dataDirPaths(options.data).adminFile) === undefined) {
    return [{ name: "processes", ok: true, told: "not running: `endcap up` starts them" }];
  }
  try {
    const status = await connectAdmin(options).get<StatusAnswer>("/v1/status");
    return status.processes.map(({ name, state, restarts, rssBytes, fault: why }) => {
      const memory = rssBytes === undefined ? "" : `, ${Math.round(rssBytes / MB)} MB`;
      const again = restarts === 0 ? "" : `, started again ${restarts} times`;
      return { name, ok: state === "ready", told: `${state}${memory}${again}${why === undefined ? "" : `: ${why}`}` };
    });
  } catch (error) {
    return [
      check("control", () => {
        throw error;
      }),
    ];
  }
}
