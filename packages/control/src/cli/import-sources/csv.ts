import { EndcapError, type Event, type Item, uuidV8 } from "@endcap/protocol";
import type { ImportLine } from "@endcap/sdk-node";
import { CsvError, parse } from "csv-parse";
import { openText } from "./byte-source.ts";
import { LineLedger } from "./ledger.ts";
import type { ImportSource, SourceOptions } from "./source.ts";

/** What a column can be mapped to. Rows that have a `title` are items, all others events. */
const EVENT_FIELDS = [
  "id",
  "type",
  "at",
  "userId",
  "anonymousId",
  "itemId",
  "quantity",
  "price",
  "value",
  "currency",
  "transactionId",
  "query",
] as const;
const ITEM_FIELDS = [
  "itemId",
  "title",
  "url",
  "imageUrl",
  "price",
  "listPrice",
  "currency",
  "availability",
  "categories",
  "brand",
  "groupId",
  "at",
] as const;
type Field = (typeof EVENT_FIELDS)[number] | (typeof ITEM_FIELDS)[number];
const FIELDS: ReadonlySet<string> = new Set([...EVENT_FIELDS, ...ITEM_FIELDS]);

type Row = Partial<Record<Field, string>>;

/** CSV with a header line, plain or gzip. Columns named like a field need no mapping. */
export async function csvSource(options: SourceOptions): Promise<ImportSource> {
  const { stream, fraction } = await openText(options.file);
  const constants = fieldsOf(options.set);
  const ledger = new LineLedger();
  const parser = parse({
    bom: true,
    columns: (header: string[]) => header.map((name) => fieldOf(name, options.map) ?? false),
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  });
  stream.on("error", (error) => parser.destroy(error));
  stream.pipe(parser);

  async function* lines(): AsyncGenerator<ImportLine> {
    try {
      for await (const { record, info } of parser as AsyncIterable<{ record: Row; info: { lines: number } }>) {
        const line = info.lines;
        ledger.linesRead = line;
        const row = { ...constants, ...record };
        const made = row.title === undefined ? eventOf(row, options, line) : itemOf(row);
        if (typeof made === "string") {
          ledger.fault({ line, code: row.title === undefined ? "event_invalid" : "item_invalid", pointer: made });
          continue;
        }
        ledger.hand(line);
        yield made;
      }
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      throw new EndcapError("import_format", { detail: `${options.file} is not CSV: ${error.message}.`, cause: error });
    }
  }

  return {
    lines: lines(),
    fraction,
    linesRead: () => ledger.linesRead,
    skipped: ledger.skipped,
    faults: ledger.faults,
    faultCount: () => ledger.faultCount,
    lineOf: (sent) => ledger.lineOf(sent),
  };
}

function fieldOf(column: string, map: ReadonlyMap<string, string>): string | undefined {
  const field = map.get(column) ?? column;
  if (map.has(column) && !FIELDS.has(field)) throw unknownField(field);
  return FIELDS.has(field) ? field : undefined;
}

function fieldsOf(set: ReadonlyMap<string, string>): Row {
  for (const field of set.keys()) if (!FIELDS.has(field)) throw unknownField(field);
  return Object.fromEntries(set);
}

function unknownField(field: string): EndcapError {
  return new EndcapError("usage", {
    detail: `There is no field "${field}"; the fields are ${[...FIELDS].join(", ")}.`,
  });
}

/** The event, or the pointer of the field that is at fault. */
function eventOf(row: Row, { tenantId, importId }: SourceOptions, line: number): ImportLine | string {
  const at = timeOf(row.at);
  if (at === undefined) return "/at";
  const [quantity, price, value] = [numberOf(row.quantity), numberOf(row.price), numberOf(row.value)];
  for (const [pointer, number] of Object.entries({ "/quantity": quantity, "/price": price, "/value": value })) {
    if (Number.isNaN(number)) return pointer;
  }
  const event: Event = {
    id: row.id ?? uuidV8(tenantId, importId, String(line)),
    type: (row.type ?? "view_item") as Event["type"],
    at,
    shopper: {
      ...(row.userId && { userId: row.userId }),
      ...(row.anonymousId && { anonymousId: row.anonymousId }),
    },
    ...(row.itemId && {
      items: [{ id: row.itemId, ...(quantity !== undefined && { quantity }), ...(price !== undefined && { price }) }],
    }),
    ...(value !== undefined && { value }),
    ...(row.currency && { currency: row.currency }),
    ...(row.transactionId && { transactionId: row.transactionId }),
    ...(row.query && { query: row.query }),
  };
  return { event };
}

function itemOf(row: Row): ImportLine | string {
  const { itemId, title, price, currency } = row;
  if (!itemId) return "/itemId";
  if (!title) return "/title";
  if (!price || Number.isNaN(Number(price))) return "/price";
  if (!currency) return "/currency";
  const updatedAt = row.at === undefined ? new Date(0).toISOString() : timeOf(row.at);
  if (updatedAt === undefined) return "/at";
  const item: Item = {
    id: itemId,
    title,
    url: row.url ?? `/p/${encodeURIComponent(itemId)}`,
    price,
    currency,
    availability: (row.availability ?? "in_stock") as Item["availability"],
    categories: pathsOf(row.categories ?? ""),
    updatedAt,
    ...(row.imageUrl && { imageUrl: row.imageUrl }),
    ...(row.listPrice && { listPrice: row.listPrice }),
    ...(row.brand && { brand: row.brand }),
    ...(row.groupId && { groupId: row.groupId }),
  };
  return { item };
}

/** `Garden > Tools | Gifts` as `[["Garden", "Tools"], ["Gifts"]]`. */
function pathsOf(text: string): string[][] {
  return text
    .split("|")
    .map((path) =>
      path
        .split(">")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    )
    .filter((path) => path.length > 0);
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || text === "" ? undefined : Number(text);
}

const SECONDS = /^\d{9,10}$/;
const MILLISECONDS = /^\d{12,13}$/;
const ZONE = /([zZ]|[+-]\d\d:?\d\d)$/;

/** RFC 3339, `2010-12-01 08:26:00` (taken as UTC when it names no zone), Unix seconds or milliseconds. */
function timeOf(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  const ms = SECONDS.test(text)
    ? Number(text) * 1000
    : MILLISECONDS.test(text)
      ? Number(text)
      : Date.parse(ZONE.test(text) ? text : `${text.replace(" ", "T")}${text.length > 10 ? "Z" : ""}`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
