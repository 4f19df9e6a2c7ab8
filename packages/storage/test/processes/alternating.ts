/**
 * Tables whose every second call is made by another process: what one writes the other must read, whatever the test.
 * The other process is started once and shared by all places of a test file.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EndcapError, isErrorCode } from "@endcap/protocol";
import type { TableName, Tables, TablesOptions, TenantTable } from "@endcap/storage";
import type { EnvironmentOptions } from "../../src/lmdb/environment.ts";
import { type LmdbTablesOptions, openLmdbTables } from "../../src/lmdb/tables.ts";
import type { TablesAdapter } from "../contract/suite.ts";

type Port = "table" | "events" | "arrivals" | "served" | "catalogue" | "imports";
type Target =
  | { kind: "open"; tables: number; dir: string; options: Omit<LmdbTablesOptions, "now"> }
  | { kind: "tables"; tables: number; method: "open"; lease: number; name: TableName }
  | { kind: "tables"; tables: number; method: "close" }
  | { kind: "tables"; tables: number; method: "eraseTenant"; tenant: string }
  | { kind: "lease"; tables: number; lease: number; port: Port; method: string };

export interface Ask {
  readonly id: number;
  readonly now: number;
  readonly target: Target;
  readonly args: readonly unknown[];
}
export type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly code: string | undefined; readonly message: string };

/** The other process, and what was asked of it. */
export class OtherProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;

  constructor() {
    this.#child = fork(join(import.meta.dirname, "answer.ts"), { serialization: "advanced" });
    this.#child.on("message", (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.ok) waiting?.resolve(answer.value);
      else if (answer.code !== undefined && isErrorCode(answer.code)) waiting?.reject(new EndcapError(answer.code));
      else waiting?.reject(new Error(answer.message));
    });
    this.#child.on("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the other process ended"));
    });
  }

  newId(): number {
    return ++this.#last;
  }

  ask(now: number, target: Target, args: readonly unknown[] = []): Promise<unknown> {
    const id = this.newId();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, now, target, args } satisfies Ask);
    });
  }

  stop(): void {
    this.#child.disconnect();
  }
}

export function alternatingAdapter(
  name: string,
  settings: EnvironmentOptions,
  other: () => OtherProcess,
): TablesAdapter {
  return {
    name,
    capabilities: { atomicBatches: true },
    async place() {
      const dir = await mkdtemp(join(tmpdir(), "endcap-tables-"));
      return {
        open: (options = {}) => new AlternatingTables(join(dir, "tenants"), { ...options, ...settings }, other()),
        remove: () => rm(dir, { recursive: true, force: true }),
      };
    },
  };
}

class AlternatingTables implements Tables {
  readonly #here: Tables;
  readonly #other: OtherProcess;
  readonly #id: number;
  readonly #now: () => number;
  readonly #ready: Promise<unknown>;

  constructor(dir: string, options: LmdbTablesOptions & TablesOptions, other: OtherProcess) {
    this.#here = openLmdbTables(dir, options);
    this.#other = other;
    this.#id = other.newId();
    const { now = Date.now, ...plain } = options;
    this.#now = now;
    this.#ready = this.#ask({ kind: "open", tables: this.#id, dir, options: plain });
  }

  #ask(target: Target, args: readonly unknown[] = []): Promise<unknown> {
    return this.#other.ask(this.#now(), target, args);
  }

  async open(name: TableName): Promise<TenantTable> {
    await this.#ready;
    const lease = this.#other.newId();
    const here = await this.#here.open(name);
    await this.#ask({ kind: "tables", tables: this.#id, method: "open", lease, name });
    const there = (port: Port, method: string, args: readonly unknown[]) =>
      this.#ask({ kind: "lease", tables: this.#id, lease, port, method }, args);
    return alternate(here, there);
  }

  async eraseTenant(tenant: string): Promise<void> {
    await this.#here.eraseTenant(tenant);
    await this.#ask({ kind: "tables", tables: this.#id, method: "eraseTenant", tenant });
  }

  async close(): Promise<void> {
    await this.#ready;
    await Promise.all([this.#here.close(), this.#ask({ kind: "tables", tables: this.#id, method: "close" })]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

type There = (port: Port, method: string, args: readonly unknown[]) => Promise<unknown>;
let turn = 0;

/** `here`, with every second method call of it and of its ports made by `there`. */
function alternate(here: TenantTable, there: There): TenantTable {
  const wrap = <T extends object>(port: Port, target: T): T =>
    new Proxy(target, {
      get(_, method) {
        const value: unknown = Reflect.get(target, method);
        if (port === "table" && (method === "close" || method === Symbol.asyncDispose))
          return () => Promise.all([here.close(), there("table", "close", [])]);
        if (port === "table" && typeof value === "object" && value !== null && method !== "name")
          return wrap(method as Port, value);
        if (typeof value !== "function" || typeof method === "symbol") return value;
        return (...args: unknown[]) => {
          if (++turn % 2 === 0) return Reflect.apply(value, target, args);
          const answer = there(port, method, args);
          return method === "scan" ? rows(answer) : answer.then(asBuffers);
        };
      },
    });
  return wrap("table", here);
}

async function* rows(answer: Promise<unknown>): AsyncGenerator<unknown> {
  for (const row of (await answer) as unknown[]) yield asBuffers(row);
}

/** Structured cloning turns Buffers into Uint8Arrays, which compare as something else. */
function asBuffers(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(asBuffers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asBuffers(each)]));
}
