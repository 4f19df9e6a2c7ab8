import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { EndcapError } from "@endcap/protocol";
import type { SnapshotDelta, SnapshotState } from "@endcap/service-kit";
import type { Logger } from "pino";
import { Counter, Gauge, type Registry } from "prom-client";
import { watchFiles } from "../watch-files.ts";
import { standaloneError } from "./faults.ts";
import { ownSessionMaster } from "./own-keys.ts";
import { parseStandalone } from "./parse.ts";
import { resolveStandalone } from "./resolve.ts";
import { createSecretReader } from "./secrets.ts";

export interface StandaloneSourceOptions {
  readonly file: string;
  readonly nodeDir: string;
  readonly onState: (state: SnapshotState, delta: SnapshotDelta) => void;
  readonly log: Logger;
  readonly registry: Registry;
  readonly env: NodeJS.ProcessEnv;
}

/** The snapshot from a file that a person keeps, in place of control. */
export interface StandaloneSource {
  /** Reads the file and watches it from then on. @throws EndcapError `config_invalid` with every fault, by line */
  start(): Promise<void>;
  readonly state: SnapshotState | undefined;
  /** What is wrong with the newest content of the file; the last good one stays in use meanwhile. */
  readonly fault: string | undefined;
  /** Milliseconds for which the file has been wrong; 0 while it is good. */
  ageMs(): number;
  close(): Promise<void>;
}

export function createStandaloneSource(options: StandaloneSourceOptions): StandaloneSource {
  const { log } = options;
  const monotonic = () => performance.now();
  const file = resolve(options.file);
  let state: SnapshotState | undefined;
  let fault: string | undefined;
  let wrongSince: number | undefined;
  let loading: Promise<void> = Promise.resolve();

  const refused = new Counter({
    name: "endcap_standalone_refused_total",
    help: "contents of the snapshot file that were refused",
    registers: [options.registry],
  });
  new Gauge({
    name: "endcap_snapshot_version",
    help: "how many times the snapshot file was taken over since the start",
    registers: [options.registry],
    collect() {
      this.set(state?.version ?? -1);
    },
  });
  const ageMs = () => (wrongSince === undefined ? 0 : monotonic() - wrongSince);
  new Gauge({
    name: "endcap_snapshot_age_seconds",
    help: "time for which the snapshot file has been wrong and an older content in use",
    registers: [options.registry],
    collect() {
      this.set(ageMs() / 1000);
    },
  });
  const watch = watchFiles(() => {
    loading = loading.then(reload);
  });

  async function load(): Promise<void> {
    const secrets = createSecretReader(file, options.env);
    try {
      const text = await readText(file, options.file);
      const parsed = parseStandalone(options.file, text);
      const resolved = await resolveStandalone(options.file, parsed, secrets, await ownSessionMaster(options.nodeDir));
      const next = { ...resolved, version: (state?.version ?? 0) + 1 };
      options.onState(next, "all");
      state = next;
      wrongSince = undefined;
      fault = undefined;
    } finally {
      // Also after a fault: the mistake may be in a secret's file, and its mending must be seen.
      watch.set(new Set([file, ...secrets.files]));
    }
  }

  async function reload(): Promise<void> {
    try {
      await load();
      log.info({ version: state?.version, tenants: state?.tenants.size }, "the snapshot file was taken over");
    } catch (error) {
      refused.inc();
      wrongSince ??= monotonic();
      fault = error instanceof Error ? error.message : "unreadable";
      log.error({ fault }, "the snapshot file was refused; the version before it stays in use");
    }
  }

  return {
    start: load,
    get state() {
      return state;
    },
    get fault() {
      return fault;
    },
    ageMs,
    async close() {
      watch.close();
      await loading;
    },
  };
}

async function readText(file: string, name: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (missing) throw standaloneError(name, [{ line: 1, column: 1, message: "no such file" }]);
    throw new EndcapError("config_invalid", { internal: `${name} cannot be read`, cause: error });
  }
}
