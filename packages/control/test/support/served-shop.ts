import { createHash, randomFillSync } from "node:crypto";
import { join } from "node:path";
import { type Event, type ServedRecord, type Shopper, uuidV7 } from "@endcap/protocol";
import { openTables, shopperKeyOf, type TenantTable } from "@endcap/storage";
import { onTestFinished } from "vitest";
import { tempDir } from "./temp.ts";

/** A tenant's real table, written as recommender and collector write it. */
export class ServedShop {
  readonly table: TenantTable;

  constructor(table: TenantTable) {
    this.table = table;
  }

  static async open(dataDir = tempDir(), tenant = `tnt-${"a".repeat(16)}`): Promise<ServedShop> {
    const tables = openTables(`lmdb:${join(dataDir, "tenants")}`);
    const table = await tables.open({ tenant, env: "live" });
    onTestFinished(() => tables.close());
    return new ServedShop(table);
  }

  /** Logs a list; resolves to its id. */
  async serve(shopper: Shopper, at: number, items: string[], more: Partial<ServedRecord> = {}): Promise<string> {
    const recommendationId = uuidV7(at, randomFillSync);
    const record: ServedRecord = {
      recommendationId,
      at: new Date(at).toISOString(),
      shopper,
      items,
      strategy: "for_you",
      placement: "home",
      modelVersion: "m-1",
      answeredBy: "recommender",
      ...more,
    };
    await this.table.served.put([record]);
    return recommendationId;
  }

  async record(shopper: Shopper, ...events: Event[]): Promise<void> {
    const key = shopperKeyOf(shopper);
    if (key === undefined) throw new Error("a shopper has an id");
    const receivedAt = Math.max(...events.map(({ at }) => Date.parse(at)));
    await this.table.events.append([
      {
        batchId: uuidV7(receivedAt, randomFillSync),
        digest: createHash("sha256").update(JSON.stringify(events)).digest(),
        receivedAt,
        parts: [{ shopper: key, events }],
      },
    ]);
  }
}

export function happened(type: Event["type"], at: number, more: Partial<Event> = {}): Event {
  return { id: uuidV7(at, randomFillSync), type, at: new Date(at).toISOString(), ...more };
}
