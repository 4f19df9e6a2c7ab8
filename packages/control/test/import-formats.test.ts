import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { judgeEvent, judgeItem } from "@endcap/protocol";
import type { ImportLine } from "@endcap/sdk-node";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { FORMATS } from "../src/cli/import-sources/formats.ts";
import type { ImportSource, SourceOptions } from "../src/cli/import-sources/source.ts";
import { tempDir } from "./support/temp.ts";

const TENANT = `tnt-${"a".repeat(16)}`;

async function read(
  format: string,
  name: string,
  content: string | Uint8Array,
  options: Partial<SourceOptions> = {},
): Promise<{ lines: ImportLine[]; source: ImportSource }> {
  const file = join(tempDir(), name);
  writeFileSync(file, content);
  const open = FORMATS[format];
  if (open === undefined) throw new Error(`no format ${format}`);
  const source = await open({ file, tenantId: TENANT, importId: "one", map: new Map(), set: new Map(), ...options });
  const lines: ImportLine[] = [];
  for await (const line of source.lines) lines.push(line);
  return { lines, source };
}

/** What the collector would say: the sources must not make lines that it refuses. */
function assertAccepted(lines: readonly ImportLine[]): void {
  for (const line of lines) {
    if ("event" in line)
      expect(judgeEvent(line.event, { now: Date.now(), imported: true })).toMatchObject({ ok: true });
    if ("item" in line) expect(judgeItem(line.item)).toMatchObject({ ok: true });
  }
}

test("ndjson: malformed lines are named, the rest is handed on with its line numbers, plain or gzip", async () => {
  const event = { type: "view_item", at: "2026-11-01T10:00:00Z", shopper: { userId: "u" }, items: [{ id: "a" }] };
  const text = [
    JSON.stringify({ event }),
    "{broken",
    "",
    JSON.stringify({ delete: "b" }),
    "[1]",
    JSON.stringify({ event }),
  ].join("\n");
  for (const content of [text, gzipSync(text)]) {
    const { lines, source } = await read("ndjson", "events.ndjson", content);
    expect(lines).toHaveLength(3);
    assertAccepted(lines);
    expect(source.faults).toEqual([
      { line: 2, code: "line_invalid" },
      { line: 5, code: "line_invalid" },
    ]);
    expect(source.skipped).toEqual({ empty: 1 });
    expect([1, 2, 3].map(source.lineOf)).toEqual([1, 4, 6]);
    // An event without an id gets the same one in every run.
    const again = await read("ndjson", "events.ndjson", content);
    expect(again.lines).toEqual(lines);
    expect(new Set(lines.flatMap((line) => ("event" in line ? [line.event.id] : []))).size).toBe(2);
  }
});

test("csv: events and items by column names, a map and constants; wrong values are named by line and field", async () => {
  const csv = [
    "\ufeffwhen,who,sku,qty,kind",
    '2010-12-01 08:26:00,17850,"85123A, white",6,purchase',
    "1291191960,17850,71053,6,purchase",
    "1291191960000,,71053,1,view_item",
    "yesterday,1,71053,1,view_item",
    "2010-12-01,1,71053,many,view_item",
  ].join("\r\n");
  const map = new Map([
    ["when", "at"],
    ["who", "userId"],
    ["sku", "itemId"],
    ["qty", "quantity"],
    ["kind", "type"],
  ]);
  const { lines, source } = await read("csv", "events.csv", csv, { map, set: new Map([["currency", "GBP"]]) });
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatchObject({
    event: {
      type: "purchase",
      at: "2010-12-01T08:26:00.000Z",
      shopper: { userId: "17850" },
      items: [{ id: "85123A, white", quantity: 6 }],
      currency: "GBP",
    },
  });
  expect(lines[1]).toMatchObject({ event: { at: "2010-12-01T08:26:00.000Z" } });
  assertAccepted(lines.slice(0, 2));
  expect(source.faults).toEqual([
    { line: 5, code: "event_invalid", pointer: "/at" },
    { line: 6, code: "event_invalid", pointer: "/quantity" },
  ]);

  const items = await read(
    "csv",
    "items.csv",
    "itemId,title,price,currency,categories,brand,colour\n1,Oak table,349.00,EUR,Home > Tables | Oak,Elm,brown\n2,,1,EUR,,,\n",
  );
  expect(items.lines).toMatchObject([
    {
      item: {
        id: "1",
        title: "Oak table",
        categories: [["Home", "Tables"], ["Oak"]],
        brand: "Elm",
        availability: "in_stock",
      },
    },
  ]);
  assertAccepted(items.lines);
  expect(items.source.faults).toEqual([{ line: 3, code: "item_invalid", pointer: "/title" }]);
  await expect(read("csv", "x.csv", "a\n1\n", { map: new Map([["a", "colour"]]) })).rejects.toMatchObject({
    code: "usage",
  });
});

interface RetailRow {
  readonly invoice: string;
  readonly stock_code: string;
  readonly description: string | null;
  readonly quantity: number;
  readonly invoice_date: string;
  readonly price: number;
  readonly customer_id: number | null;
}

const row = (invoice: string, stock_code: string, quantity: number, more: Partial<RetailRow> = {}): RetailRow => ({
  invoice,
  stock_code,
  description: `THING ${stock_code.trim().toUpperCase()}`,
  quantity,
  invoice_date: "2010-01-05 10:00:00",
  price: 2.5,
  customer_id: 13085,
  ...more,
});

function retailFile(rows: readonly RetailRow[]): Uint8Array {
  const column = (name: keyof RetailRow, type: "STRING" | "INT64" | "DOUBLE") => ({
    name,
    type,
    nullable: true,
    data: rows.map((entry) => (type === "INT64" && entry[name] !== null ? BigInt(entry[name]) : entry[name])),
  });
  const buffer = parquetWriteBuffer({
    columnData: [
      column("invoice", "STRING"),
      column("stock_code", "STRING"),
      column("description", "STRING"),
      column("quantity", "INT64"),
      column("invoice_date", "STRING"),
      column("price", "DOUBLE"),
      column("customer_id", "INT64"),
    ],
    codec: "ZSTD",
    compressors: { ZSTD: (input) => zstdCompressSync(input) },
    rowGroupSize: 4,
  });
  return new Uint8Array(buffer);
}

test("online-retail-ii: products, purchases, refunds and anonymous invoices, the rest left out and counted", async () => {
  const rows = [
    row("489434", "85048", 12),
    row("489435", "85123a", 6, { customer_id: 17850 }), // mixed with the invoice before
    row("489434", "79323P ", 2, { price: 6.75 }),
    row("489434", "85048", 3), // the same product again
    row("489436", "POST", 1, { price: 18 }),
    row("489437", "85123A", -240, { price: 0, customer_id: null, description: "short" }),
    row("C489449", "85048", -2),
    row("489525", "85048", 1, { customer_id: null }),
    row("489525", "79323P", 1, { customer_id: null, description: "PINK LIGHTS" }),
    row("489900", "79323P", 1, { price: 7.25, invoice_date: "2010-06-05 10:00:00", description: "PINK LIGHTS" }),
  ];
  const { lines, source } = await read("online-retail-ii", "retail.parquet", retailFile(rows));
  assertAccepted(lines);

  const items = lines.flatMap((line) => ("item" in line ? [line.item] : []));
  expect(items.map(({ id, title, price }) => [id, title, price])).toEqual([
    ["85048", "THING 85048", "2.50"],
    ["85123A", "THING 85123A", "2.50"],
    ["79323P", "PINK LIGHTS", "7.25"],
  ]);

  const events = lines.flatMap((line) => ("event" in line ? [line.event] : []));
  expect(events.map(({ type, transactionId, value }) => [type, transactionId, value])).toEqual([
    ["purchase", "489435", 15], // complete with its last line, so it comes first
    ["purchase", "489434", 51],
    ["refund", "C489449", 5],
    ["purchase", "489525", 5],
    ["purchase", "489900", 7.25],
  ]);
  expect(events[1]).toMatchObject({
    at: "2010-01-05T10:00:00Z",
    shopper: { userId: "13085" },
    currency: "GBP",
    items: [
      { id: "85048", quantity: 15, price: 2.5 },
      { id: "79323P", quantity: 2, price: 6.75 },
    ],
  });
  expect(events[2]?.items).toEqual([{ id: "85048", quantity: 2, price: 2.5 }]);
  expect(events[3]?.shopper?.anonymousId).toMatch(/^a_[A-Za-z0-9_-]{22}$/);
  expect(source.skipped).toEqual({ not_a_product: 1, stock_adjustment: 1 });
  expect(source.linesRead()).toBe(rows.length);
  expect(source.lineOf(items.length + 1)).toBe(2);
});

test("online-retail-ii: an invoice of more products than an event may name becomes several", async () => {
  const rows = Array.from({ length: 450 }, (_, n) => row("500000", String(10_000 + n), 1));
  const { lines } = await read("online-retail-ii", "retail.parquet", retailFile(rows));
  const sizes = lines.flatMap((line) => ("event" in line ? [line.event.items?.length] : []));
  expect(sizes).toEqual([200, 200, 50]);
  assertAccepted(lines);
});

test("a file of another format is refused with one sentence, before anything is sent", async () => {
  const parquet = retailFile([row("1", "85048", 1)]);
  const wrong = { code: "import_format" };
  await expect(read("ndjson", "retail.parquet", parquet)).rejects.toMatchObject(wrong);
  await expect(read("ndjson", "a.csv", "a,b\n".repeat(30))).rejects.toMatchObject(wrong);
  await expect(read("csv", "retail.parquet", parquet)).rejects.toMatchObject(wrong);
  await expect(read("csv", "a.csv", 'a,b\n"never closed')).rejects.toMatchObject(wrong);
  await expect(read("online-retail-ii", "a.ndjson", "{}\n")).rejects.toMatchObject(wrong);
  const other = parquetWriteBuffer({ columnData: [{ name: "n", type: "INT32", data: [1, 2] }] });
  await expect(read("online-retail-ii", "n.parquet", new Uint8Array(other))).rejects.toMatchObject({
    ...wrong,
    detail: expect.stringContaining("invoice"),
  });
  await expect(
    FORMATS.ndjson?.({ file: "/nowhere", tenantId: TENANT, importId: "one", map: new Map(), set: new Map() }),
  ).rejects.toMatchObject({ code: "file_not_found" });
});
