import type { AppendBatch, AppendResult, TableName, Tables, TenantTable } from "@endcap/storage";
import { openTables } from "@endcap/storage";
import { expect, onTestFinished, test } from "vitest";
import { GroupAppender } from "../src/events/group-appender.ts";
import { judgeBatch } from "../src/events/judge-batch.ts";
import { newHouse, startCollector, tenantA, tenantB } from "./support/collector.ts";
import { anonymousId, batch, browser, view } from "./support/samples.ts";

const live: TableName = { tenant: tenantA, env: "live" };

/** Real tables that note the sizes of the groups they are given. */
function watched(): { tables: Tables; groups: number[] } {
  const tables = openTables(newHouse().tables);
  onTestFinished(() => tables.close());
  const groups: number[] = [];
  const open = tables.open.bind(tables);
  const known = new WeakSet<object>();
  tables.open = async (name): Promise<TenantTable> => {
    const table = await open(name);
    // Leases share one store.
    if (known.has(table.events)) return table;
    known.add(table.events);
    const append = table.events.append.bind(table.events);
    table.events.append = (batches: readonly AppendBatch[]): Promise<AppendResult[]> => {
      groups.push(batches.length);
      return append(batches);
    };
    return table;
  };
  return { tables, groups };
}

function judged(): AppendBatch {
  const { append } = judgeBatch(Buffer.from(batch([view("a")])), browser({ anonymousId: anonymousId() }), Date.now());
  if (append === undefined) throw new Error("the batch is good");
  return append;
}

test("what arrives in one turn is one commit a table, and what arrives during it the next one", async () => {
  const { tables, groups } = watched();
  const appender = new GroupAppender(tables, 1_000_000);
  const first = Array.from({ length: 50 }, () => appender.append(live, judged(), 100));
  const other = appender.append({ ...live, tenant: tenantB }, judged(), 100);
  await new Promise((resolve) => setImmediate(resolve));
  const second = Array.from({ length: 20 }, () => appender.append(live, judged(), 100));
  expect(new Set(await Promise.all([...first, ...second, other]))).toEqual(new Set(["stored"]));
  expect(groups.toSorted((a, b) => a - b)).toEqual([1, 20, 50]);
  expect(appender.pendingBytes).toBe(0);
});

test("503: more than may wait is refused as overloaded, and what waits is stored", async () => {
  const collector = await startCollector({ pendingBytesMax: 1_500 });
  const part = () => ({
    p: browser({ anonymousId: anonymousId() }),
    payload: batch([view("a", { query: "q".repeat(400) })]),
  });
  const answers = await collector.send(part(), part(), part());
  expect(answers.map(({ s }) => s)).toEqual([202, 202, 503]);
  expect(answers[2]).toMatchObject({ b: { code: "overloaded" } });
  expect(await collector.send(part())).toMatchObject([{ s: 202 }]);
});
