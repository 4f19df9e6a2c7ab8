/** The other process of `alternating`: opens tables and does what it is told, with the teller's clock. */
import { once } from "node:events";
import { EndcapError } from "@endcap/protocol";
import type { TenantTable } from "@endcap/storage";
import { openLmdbTables } from "../../src/lmdb/tables.ts";
import type { Answer, Ask } from "./alternating.ts";

let now = 0;
const opened = new Map<number, ReturnType<typeof openLmdbTables>>();
const leases = new Map<number, TenantTable>();

async function list(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

async function act({ target, args }: Ask): Promise<unknown> {
  if (target.kind === "open") {
    opened.set(target.tables, openLmdbTables(target.dir, { ...target.options, now: () => now }));
    return undefined;
  }
  const tables = opened.get(target.tables);
  if (!tables) throw new Error("these tables were never opened");
  if (target.kind === "tables") {
    if (target.method === "close") return tables.close();
    if (target.method === "eraseTenant") return tables.eraseTenant(target.tenant);
    leases.set(target.lease, await tables.open(target.name));
    return undefined;
  }
  const table = leases.get(target.lease);
  if (!table) throw new Error("this lease was never taken");
  const owner: object = target.port === "table" ? table : table[target.port];
  const method: unknown = Reflect.get(owner, target.method);
  if (typeof method !== "function") throw new Error(`no method ${target.method}`);
  const result: unknown = Reflect.apply(method, owner, args);
  return target.method === "scan" ? list(result as AsyncIterable<unknown>) : result;
}

process.on("message", async (ask: Ask) => {
  now = ask.now;
  let answer: Answer;
  try {
    answer = { id: ask.id, ok: true, value: await act(ask) };
  } catch (error) {
    answer = {
      id: ask.id,
      ok: false,
      code: error instanceof EndcapError ? error.code : undefined,
      message: error instanceof Error ? error.message : String(error),
    };
  }
  process.send?.(answer);
});
await once(process, "disconnect");
