import { createHash } from "node:crypto";
import { EndcapError, type Event, type EventItem, LIMITS, uuidV8 } from "@endcap/protocol";
import type { ImportLine } from "@endcap/sdk-node";
import { LineLedger } from "./ledger.ts";
import { openParquet, type ParquetFile } from "./parquet-rows.ts";
import { RetailCatalogue } from "./retail-catalogue.ts";
import { cleanRetailLine, RETAIL_COLUMNS, type RetailLine } from "./retail-line.ts";
import type { ImportSource, SourceOptions } from "./source.ts";

/** An invoice's lines may be mixed with others' of the same minute; after this long without one it is complete. */
const INVOICE_MS = 3_600_000;

interface Invoice {
  readonly firstLine: number;
  readonly first: RetailLine;
  lastAt: number;
  readonly bought: Map<string, EventItem & { quantity: number }>;
  readonly returned: Map<string, EventItem & { quantity: number }>;
}

/**
 * UCI's Online Retail II as Parquet: products become the catalogue, customers shoppers, invoices purchases, negative
 * quantities refunds. An invoice without a customer becomes an anonymous shopper of its own: who bought is unknown, what
 * was bought together is not.
 */
export async function onlineRetailSource(options: SourceOptions): Promise<ImportSource> {
  const file = await openParquet(options.file);
  const missing = RETAIL_COLUMNS.filter((name) => !file.columns.includes(name));
  if (missing.length > 0) {
    throw new EndcapError("import_format", {
      detail: `${options.file} is not Online Retail II: the column ${missing.join(", ")} is missing.`,
    });
  }
  const ledger = new LineLedger();
  let passed = 0;

  async function* lines(): AsyncGenerator<ImportLine> {
    // Two passes: a title is only known when every line was seen, and an item must not come after its purchases.
    const catalogue = new RetailCatalogue();
    for await (const [, line] of cleanLines(file)) {
      if (typeof line === "object") catalogue.add(line);
      passed += 1;
    }
    for (const item of catalogue.items()) {
      ledger.hand(0); // stands for many lines
      yield { item };
    }
    const open = new Map<string, Invoice>();
    for await (const [number, line] of cleanLines(file)) {
      passed += 1;
      ledger.linesRead = number;
      if (line === undefined) ledger.fault({ line: number, code: "line_invalid" });
      else if (typeof line === "string") ledger.skip(line);
      else yield* take(open, line, number);
    }
    for (const invoice of open.values()) yield* close(invoice);
  }

  function* take(open: Map<string, Invoice>, line: RetailLine, number: number): Generator<ImportLine> {
    const at = Date.parse(line.at);
    for (const [name, invoice] of open) {
      if (at - invoice.lastAt < INVOICE_MS) break; // in the order of their last line
      open.delete(name);
      yield* close(invoice);
    }
    const invoice = open.get(line.invoice) ?? newInvoice(line, number);
    open.delete(line.invoice);
    open.set(line.invoice, invoice);
    invoice.lastAt = at;
    const items = line.quantity > 0 ? invoice.bought : invoice.returned;
    const quantity = Math.abs(line.quantity) + (items.get(line.product)?.quantity ?? 0);
    items.set(line.product, { id: line.product, quantity, price: line.price });
  }

  function* close(invoice: Invoice): Generator<ImportLine> {
    for (const [type, items] of [
      ["purchase", invoice.bought],
      ["refund", invoice.returned],
    ] as const) {
      const all = [...items.values()];
      // The largest invoices have more products than one event may name.
      for (let start = 0; start < all.length; start += LIMITS.eventItemsMax) {
        ledger.hand(invoice.firstLine);
        yield { event: eventOf(invoice, type, start, all.slice(start, start + LIMITS.eventItemsMax)) };
      }
    }
  }

  function eventOf({ first, firstLine }: Invoice, type: Event["type"], start: number, items: EventItem[]): Event {
    const value = items.reduce((sum, { quantity = 1, price = 0 }) => sum + quantity * price, 0);
    return {
      id: uuidV8(options.tenantId, "online-retail-ii", `${first.invoice}/${firstLine}/${type}/${start}`),
      type,
      at: first.at,
      shopper: first.customer === undefined ? { anonymousId: anonymous(first.invoice) } : { userId: first.customer },
      items,
      value: Math.round(value * 100) / 100,
      currency: "GBP",
      transactionId: first.invoice,
    };
  }

  /** The same in every run, and no real shopper's: a hash has the form of an anonymous id, not its secrecy. */
  function anonymous(invoice: string): string {
    const digest = createHash("sha256").update(`${options.tenantId}\0online-retail-ii\0${invoice}`).digest();
    return `a_${digest.subarray(0, 16).toString("base64url")}`;
  }

  return {
    lines: lines(),
    fraction: () => passed / (2 * file.rows),
    linesRead: () => ledger.linesRead,
    skipped: ledger.skipped,
    faults: ledger.faults,
    faultCount: () => ledger.faultCount,
    lineOf: (sent) => ledger.lineOf(sent),
  };
}

function newInvoice(first: RetailLine, firstLine: number): Invoice {
  return { first, firstLine, lastAt: 0, bought: new Map(), returned: new Map() };
}

async function* cleanLines(file: ParquetFile): AsyncGenerator<[number, ReturnType<typeof cleanRetailLine>]> {
  let number = 0;
  for await (const row of file.read(RETAIL_COLUMNS)) {
    number += 1;
    yield [number, cleanRetailLine(row)];
  }
}
