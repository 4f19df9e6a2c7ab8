import type { Event } from "@endcap/sdk-node";
import type { Random } from "../random.ts";
import { eventId } from "./ids.ts";
import type { Shopper } from "./shopper.ts";
import type { Line, Step } from "./visit.ts";

const dayMs = 86_400_000;
/** Mean pause between two steps of a visit, and its least. */
const pauseMsMean = 38_000;
const pauseMsMin = 2_500;

/** Turns one shopper's steps into events with ids and times. */
export class EventWriter {
  readonly #shopper: Shopper;
  readonly #origin: string;
  readonly #untilMs: number;
  readonly #random: Random;
  readonly #purchases: { atMs: number; transactionId: string; lines: readonly Line[] }[] = [];

  constructor(shopper: Shopper, origin: string, untilMs: number, random: Random) {
    this.#shopper = shopper;
    this.#origin = origin;
    this.#untilMs = untilMs;
    this.#random = random;
  }

  *write(startMs: number, steps: readonly Step[]): Generator<Event, void> {
    const visitId = `v-${Buffer.from(this.#random.bytes(9)).toString("base64url")}`;
    let atMs = startMs;
    for (const step of steps) {
      yield { ...this.#envelope(atMs), visitId, ...this.#describe(step, atMs) };
      atMs += pauseMsMin + Math.floor(this.#random.exponential(pauseMsMean));
    }
  }

  /** A few purchases come back within the week, one line of them. */
  *refunds(): Generator<Event, void> {
    for (const { atMs, transactionId, lines } of this.#purchases) {
      const refundMs = atMs + Math.floor((1 + 6 * this.#random.next()) * dayMs);
      if (!this.#random.chance(0.05) || refundMs > this.#untilMs) continue;
      const line = this.#random.pick(lines);
      yield { ...this.#envelope(refundMs), type: "refund", transactionId, ...priced([line]) };
    }
  }

  #envelope(atMs: number): Pick<Event, "id" | "at" | "shopper"> {
    return { id: eventId(atMs, this.#random), at: new Date(atMs).toISOString(), shopper: this.#shopper.id };
  }

  #describe(step: Step, atMs: number): Omit<Event, "id" | "at" | "shopper"> {
    switch (step.type) {
      case "page_view":
        return { type: step.type, page: { url: this.#origin + step.path } };
      case "view_item_list":
        return {
          type: step.type,
          items: step.products.map(({ id }) => ({ id })),
          page: { url: this.#origin + step.path },
        };
      case "search":
        return { type: step.type, query: step.query };
      case "view_item":
        return {
          type: step.type,
          ...priced([{ product: step.product, quantity: 1 }]),
          page: { url: `${this.#origin}/products/${step.product.id}` },
        };
      case "select_item":
      case "add_to_wishlist":
        return { type: step.type, ...priced([{ product: step.product, quantity: 1 }]) };
      case "add_to_cart":
      case "remove_from_cart":
        return { type: step.type, ...priced([step.line]) };
      case "purchase": {
        const transactionId = `TT-${Buffer.from(this.#random.bytes(6)).toString("hex")}`;
        this.#purchases.push({ atMs, transactionId, lines: step.lines });
        return { type: step.type, transactionId, ...priced(step.lines) };
      }
      default:
        return { type: step.type, ...priced(step.lines) };
    }
  }
}

function priced(lines: readonly Line[]): Pick<Event, "items" | "value" | "currency"> {
  return {
    items: lines.map(({ product, quantity }) => ({ id: product.id, quantity, price: product.pricePence / 100 })),
    value: lines.reduce((sum, { product, quantity }) => sum + product.pricePence * quantity, 0) / 100,
    currency: "GBP",
  };
}
