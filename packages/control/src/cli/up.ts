import { rmSync } from "node:fs";
import { join } from "node:path";
import { loadConfig, writeFileAtomic } from "@endcap/service-kit";
import { type Command, InvalidArgumentError } from "commander";
import { buildControl, type Control } from "../app.ts";
import { controlConfig } from "../config.ts";
import { version } from "../version.ts";
import type { AdminFile } from "./admin-client.ts";
import type { GlobalOptions } from "./global-options.ts";
import { createLog } from "./log.ts";
import { facts, paint } from "./output.ts";

interface UpOptions extends GlobalOptions {
  readonly host?: string;
  readonly port?: number;
  readonly gatewayPort?: number;
  readonly collectorPort?: number;
  readonly mlPort?: number;
  readonly freePorts?: true;
}

export function addUp(program: Command): void {
  program
    .command("up")
    .description("run everything on this machine until Ctrl-C")
    .option("--host <address>", "address to listen on (127.0.0.1)")
    .option("--port <n>", "control's admin API and console (7400)", port)
    .option("--gateway-port <n>", "the gateway, what shops call (7401)", port)
    .option("--collector-port <n>", "the collector (7402)", port)
    .option("--ml-port <n>", "the ML API (7403)", port)
    .option("--free-ports", "any free port for each")
    .action(async (_options, command: Command) => {
      await up(command.optsWithGlobals<UpOptions>());
    });
}

/** What `up` says once, when everything is ready. */
interface Ready {
  readonly ready: true;
  readonly url: string;
  readonly gatewayUrl: string;
  readonly collectorUrl: string;
  readonly mlUrl: string;
  readonly consoleUrl: string;
  readonly adminTokenFile: string;
  readonly dataDir: string;
  readonly pid: number;
  readonly bootMs: number;
  readonly firstStart: boolean;
  readonly tenants: number;
}

async function up(options: UpOptions): Promise<void> {
  const startedAt = performance.now();
  const { config } = await loadConfig(controlConfig, { env: environmentOf(options) });
  const log = createLog(config.dataDir, config.logLevel);
  const control = await buildControl(config, { log });
  const { adminFile } = control.dataDir;
  const stopped = stopOnSignal(control);
  try {
    const { url } = await control.listen();
    const running: AdminFile = { url, gatewayUrl: control.fleet.url("gateway"), pid: process.pid, version };
    await writeFileAtomic(adminFile, `${JSON.stringify(running)}\n`, 0o600);
    const ready = readyOf(control, url, Math.round(performance.now() - startedAt));
    process.stdout.write(`${options.json === true ? JSON.stringify(ready) : banner(ready)}\n`);
    process.send?.(ready);
    await stopped.signal;
    if (options.json !== true) process.stderr.write("stopping…\n");
  } finally {
    rmSync(adminFile, { force: true });
    await control.close();
    stopped.done();
  }
}

/** Flags win over the environment; both end in the one schema that judges them. */
function environmentOf(options: UpOptions): Record<string, string | undefined> {
  const free = options.freePorts === true ? 0 : undefined;
  const flags: [name: string, value: string | number | undefined][] = [
    ["ENDCAP_CONTROL_DATA_DIR", options.data],
    ["ENDCAP_CONTROL_DATABASE_URL", process.env.DATABASE_URL],
    ["ENDCAP_CONTROL_HOST", options.host],
    ["ENDCAP_CONTROL_PORT", options.port ?? free],
    ["ENDCAP_CONTROL_GATEWAY_PORT", options.gatewayPort ?? free],
    ["ENDCAP_CONTROL_COLLECTOR_PORT", options.collectorPort ?? free],
    ["ENDCAP_CONTROL_ML_PORT", options.mlPort ?? free],
  ];
  const given = flags.filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]);
  return { ...process.env, ...Object.fromEntries(given) };
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError("0 to 65535");
  return value;
}

/**
 * A signal, or the end of the process that started us over IPC, asks for the orderly stop. The second signal does not
 * wait: children notice by their own broken channel, the database by its closed pipe.
 */
function stopOnSignal(control: Control): { signal: Promise<void>; done: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = false;
  const stop = () => {
    if (asked) process.exit(1);
    asked = true;
    control.log.info("stopping");
    resolve();
  };
  const events = ["SIGINT", "SIGTERM", "disconnect"] as const;
  for (const event of events) process.on(event, stop);
  return {
    signal: promise,
    done() {
      for (const event of events) process.off(event, stop);
      if (process.connected) process.disconnect();
    },
  };
}

function readyOf(control: Control, url: string, bootMs: number): Ready {
  const { dataDir, fleet } = control;
  return {
    ready: true,
    url,
    gatewayUrl: fleet.url("gateway"),
    collectorUrl: fleet.url("collector"),
    mlUrl: fleet.url("ml"),
    consoleUrl: `${url}/#token=${control.adminToken}`,
    adminTokenFile: dataDir.adminToken,
    dataDir: dataDir.root,
    pid: process.pid,
    bootMs,
    firstStart: dataDir.isNew,
    tenants: control.tenantCount,
  };
}

function banner(ready: Ready): string {
  const table = facts([
    ["console", `${paint("cyan", ready.consoleUrl)}`],
    ["gateway", `${paint("cyan", ready.gatewayUrl)}  what shops and their pages call`],
    ["admin API", `${paint("cyan", ready.url)}  token in ${ready.adminTokenFile}`],
    ["data", join(ready.dataDir, "")],
  ]);
  const next = ready.tenants === 0 ? "\n\nNext: endcap tenant create my-shop" : "";
  return `${paint("green", "Endcap is up")} after ${(ready.bootMs / 1000).toFixed(1)} s. Ctrl-C stops it.\n\n${table}${next}`;
}
