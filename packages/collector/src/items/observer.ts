import { type Availability, type Event, type Item, judgeItem, type Principal } from "@endcap/protocol";
import type { Tables } from "@endcap/storage";
import type { FastifyBaseLogger } from "fastify";
import { Counter, type Registry } from "prom-client";
import { Witnesses } from "./witnesses.ts";

/** What the shop wrote itself is not overruled by pages that may still come out of a cache. */
const restMs = 15 * 60_000;
/** Refreshes on their way. Past it one is dropped: the next visits say the same. */
const pendingMax = 64;

/** schema.org's words for availability, letters only; one that is not here says nothing. */
const availabilities: ReadonlyMap<string, Availability> = new Map<string, Availability>([
  ["instock", "in_stock"],
  ["limitedavailability", "in_stock"],
  ["onlineonly", "in_stock"],
  ["outofstock", "out_of_stock"],
  ["soldout", "out_of_stock"],
  ["discontinued", "out_of_stock"],
  ["preorder", "preorder"],
  ["presale", "preorder"],
]);

/** One item as a page shows it. */
interface Sight {
  readonly id: string;
  readonly price: { readonly amount: number; readonly currency: string } | undefined;
  readonly availability: Availability | undefined;
}

/** `recent`: the shop wrote the item later, or just before. `unfit`: no item may look like that. */
type Outcome = "refreshed" | "same" | "unknown" | "recent" | "unfit" | "dropped" | "failed";

export interface CatalogueObserverOptions {
  readonly tables: Tables;
  readonly registry: Registry;
  readonly log: FastifyBaseLogger;
  readonly now: () => number;
}

/**
 * Keeps price and availability of known items as fresh as the shop's own pages. Nothing else of an item changes, and
 * nothing changes on one visitor's word.
 */
export class CatalogueObserver {
  readonly #options: CatalogueObserverOptions;
  readonly #witnesses = new Witnesses();
  readonly #outcomes: Counter<"outcome">;
  readonly #pending = new Set<Promise<void>>();

  constructor(options: CatalogueObserverOptions) {
    this.#options = options;
    this.#outcomes = new Counter({
      name: "endcap_item_observations_total",
      help: "items that enough visits agreed on, by what came of it",
      labelNames: ["outcome"],
      registers: [options.registry],
    });
  }

  /** Hears what a page of `principal` shows. Whoever waits for the acknowledgement of the page's events does not wait for it. */
  observe({ tenant, env, anonymousId, userId }: Principal, mark: string, observed: readonly Event[]): void {
    const shopper = userId ?? anonymousId;
    if (env !== "live" || shopper === undefined) return;
    for (const event of observed) {
      const sight = sightOf(event);
      if (sight === undefined) continue;
      const witness = { mark, shopper, at: this.#options.now() };
      const since = this.#witnesses.hear(tenant, sight.id, JSON.stringify([sight.price, sight.availability]), witness);
      if (since !== undefined) this.#start(tenant, sight, since);
    }
  }

  /** Resolves when nothing is on its way. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #start(tenant: string, sight: Sight, since: number): void {
    if (this.#pending.size >= pendingMax) {
      this.#outcomes.inc({ outcome: "dropped" });
      return;
    }
    const work = this.#refresh(tenant, sight, since)
      .catch((error: unknown): Outcome => {
        this.#options.log.error({ err: error, tenant }, "an item could not be refreshed");
        return "failed";
      })
      .then((outcome) => {
        this.#outcomes.inc({ outcome });
        this.#pending.delete(work);
      });
    this.#pending.add(work);
  }

  async #refresh(tenant: string, sight: Sight, since: number): Promise<Outcome> {
    await using table = await this.#options.tables.open({ tenant, env: "live" });
    const [item] = await table.catalogue.get([sight.id]);
    if (item === undefined) return "unknown";
    if (since - Date.parse(item.updatedAt) < restMs) return "recent";
    const price = priceSeen(sight, item);
    const { availability = item.availability } = sight;
    if (price === item.price && availability === item.availability) return "same";
    // A moment newer than the shop's own word, and no more: whatever the shop writes next is newer than that.
    const updatedAt = new Date(Date.parse(item.updatedAt) + 1).toISOString();
    const seen = judgeItem({ ...item, price, availability, updatedAt });
    if (!seen.ok) return "unfit";
    const [result] = await table.catalogue.upsert([seen.value]);
    return result === "stored" ? "refreshed" : "recent";
  }
}

function sightOf({ items: [item] = [], currency, context }: Event): Sight | undefined {
  if (item === undefined) return undefined;
  const { id, price: amount = 0 } = item;
  // A free item is more often a page that does not know its price yet.
  const price = currency !== undefined && amount > 0 ? { amount, currency } : undefined;
  const word = context?.availability;
  const letters = typeof word === "string" ? word.toLowerCase().replace(/[^a-z]/g, "") : "";
  const availability = availabilities.get(letters);
  return price || availability ? { id, price, availability } : undefined;
}

/** The price as the catalogue writes it: with as many decimals, or more when it has more. In another currency it says nothing. */
function priceSeen({ price }: Sight, item: Item): string {
  if (price?.currency !== item.currency || price.amount === Number(item.price)) return item.price;
  const decimals = Math.max(decimalsOf(item.price), Math.min(6, decimalsOf(String(price.amount))));
  return price.amount.toFixed(decimals);
}

const decimalsOf = (text: string): number => /\.(\d+)$/.exec(text)?.[1]?.length ?? 0;
