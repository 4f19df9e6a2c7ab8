import { randomBytes } from "node:crypto";
import { appendFile, mkdir, readFile, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Address } from "../pages/checkout.ts";
import { Basket } from "./basket.ts";

export interface Order {
  /** Unguessable: whoever has it may read the order. */
  id: string;
  number: string;
  firstName: string;
  town: string;
  basket: Basket;
}

interface OrderRow {
  id: string;
  number: string;
  at: string;
  address: Address;
  basket: string;
}

/** The order book: one JSON line an order, flushed before the shopper sees "thank you". */
export class OrderBook {
  readonly #path: string;
  readonly #catalogue: Catalogue;
  readonly #orders: Map<string, OrderRow>;

  private constructor(path: string, catalogue: Catalogue, orders: Map<string, OrderRow>) {
    this.#path = path;
    this.#catalogue = catalogue;
    this.#orders = orders;
  }

  static async open(path: string, catalogue: Catalogue): Promise<OrderBook> {
    await mkdir(dirname(path), { recursive: true });
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    // What follows the last newline is an order whose write a crash cut short; its shopper was never thanked.
    const lines = text.split("\n").slice(0, -1);
    const whole = Buffer.byteLength(lines.map((line) => `${line}\n`).join(""));
    if (whole < Buffer.byteLength(text)) await truncate(path, whole);
    const rows = lines.map((line): OrderRow => JSON.parse(line));
    return new OrderBook(path, catalogue, new Map(rows.map((row) => [row.id, row])));
  }

  async place(basket: Basket, address: Address, now: Date): Promise<Order> {
    const row: OrderRow = {
      id: randomBytes(16).toString("base64url"),
      number: `TT-${1001 + this.#orders.size}`,
      at: now.toISOString(),
      address,
      basket: basket.write(),
    };
    this.#orders.set(row.id, row);
    await appendFile(this.#path, `${JSON.stringify(row)}\n`, { mode: 0o600, flush: true });
    return this.#toOrder(row);
  }

  find(id: string): Order | undefined {
    const row = this.#orders.get(id);
    return row === undefined ? undefined : this.#toOrder(row);
  }

  #toOrder({ id, number, address, basket }: OrderRow): Order {
    return {
      id,
      number,
      firstName: address.name.split(" ")[0] ?? address.name,
      town: address.town,
      basket: Basket.read(basket, this.#catalogue),
    };
  }
}
