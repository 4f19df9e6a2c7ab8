import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { EndcapError } from "@endcap/protocol";
import type { Static, TObject } from "typebox";
import type { ConfigSpec } from "../config/define.ts";
import { formatConfig } from "../config/describe.ts";
import { ConfigError, loadConfig } from "../config/load.ts";
import type { Service, ServiceAddress } from "./create.ts";

/** What has a life: a service, or what starts several. */
export type Runnable = Pick<Service, "log" | "listen" | "close">;

export type Build<S extends TObject> = (config: Readonly<Static<S>>) => Runnable | Promise<Runnable>;

/** What a service tells whoever started it. */
export type ReadyMessage =
  | ({ readonly ready: true } & ServiceAddress)
  | { readonly ready: false; readonly code: string; readonly message: string };

/** What a service may tell later: nobody has asked it anything for the time that it was given for that. */
export interface IdleMessage {
  readonly idle: true;
}

/**
 * The whole life of a service process: read the configuration, build, listen, say so, drain on a signal, exit 0.
 * The same signal a second time exits at once. A child also drains when its IPC channel breaks, so that it dies with its parent.
 */
export async function runService<S extends TObject>(spec: ConfigSpec<S>, build: Build<S>): Promise<void> {
  try {
    await start(spec, build);
  } catch (error) {
    const code = error instanceof EndcapError || error instanceof ConfigError ? error.code : "internal";
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${code === "internal" && error instanceof Error ? error.stack : message}\n`);
    await announce({ ready: false, code, message });
    process.exit(1);
  }
}

async function start<S extends TObject>(spec: ConfigSpec<S>, build: Build<S>): Promise<void> {
  const argv = process.argv.slice(2);
  const loaded = await loadConfig(spec, { argv, env: process.env });
  if (argv.includes("--print-config")) {
    process.stdout.write(`${formatConfig(loaded)}\n`);
    process.exit(0);
  }
  const service = await build(loaded.config);
  shutDownWith(service);
  const address = await service.listen();
  if (!(await announce({ ready: true, ...address }))) {
    process.stdout.write(`${spec.service} listens on ${address.url}, admin on ${address.adminUrl}\n`);
  }
}

function shutDownWith(service: Runnable): void {
  let stopping: string | undefined;
  const stop = (reason: string) => {
    if (stopping === reason) process.exit(1);
    // Ctrl-C reaches a whole process group, and then whoever started us says SIGTERM as well: that is one wish, not two.
    if (stopping !== undefined) return;
    stopping = reason;
    service.log.info({ reason }, "draining");
    service.close().then(
      () => process.exit(0),
      (error: unknown) => {
        service.log.fatal({ err: error }, "the service did not close cleanly");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  process.on("disconnect", () => stop("the parent is gone"));
  process.on("uncaughtException", (error) => {
    service.log.fatal({ err: error }, "uncaught exception");
    process.exit(1);
  });
}

/** Whether somebody was told: over IPC, or on the descriptor of `--ready-fd`. */
async function announce(message: ReadyMessage): Promise<boolean> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: { "ready-fd": { type: "string" } },
    strict: false,
  });
  const descriptor = values["ready-fd"];
  if (typeof descriptor === "string") writeSync(Number(descriptor), `${JSON.stringify(message)}\n`);
  if (process.send === undefined) return typeof descriptor === "string";
  // The callback comes when the message has left; exiting before would lose it.
  await new Promise<void>((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
  return true;
}
