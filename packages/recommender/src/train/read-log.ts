import { LIMITS } from "@endcap/protocol";
import type { TableRow } from "@endcap/storage";
import { EventLogBuilder, type InteractionLog } from "../model/index.ts";
import { SeenEvents } from "./seen-events.ts";

export interface ReadLog {
  readonly log: InteractionLog;
  readonly rows: number;
  /** Distinct events, of any type. */
  readonly events: number;
  /** Events that lie ahead of `now`; they are not in the log. */
  readonly ahead: number;
  readonly catalogueItems: number;
}

/** Between two reports of progress. */
const rowsPerReport = 20_000;

/**
 * An export as the log a model is trained on: each event id once, linked shoppers as one, the whole catalogue named.
 * Events later than `now` (Unix milliseconds) were taken while the server's clock ran ahead; they would be the newest of every
 * later training, so they are left out.
 */
export async function readLog(
  rows: AsyncIterable<TableRow>,
  now: number,
  onProgress: (rows: number, events: number) => void,
): Promise<ReadLog> {
  const builder = new EventLogBuilder();
  const seen = new SeenEvents();
  let count = 0;
  let ahead = 0;
  let catalogueItems = 0;
  for await (const row of rows) {
    if (row.kind === "events") {
      const shopper = `${row.shopper.kind}#${row.shopper.id}`;
      for (const event of row.events) {
        if (!seen.add(event.id)) continue;
        const at = Date.parse(event.at);
        if (at > now + LIMITS.clockAheadMs) {
          ahead++;
          continue;
        }
        builder.add({
          shopper,
          type: event.type,
          at,
          itemIds: (event.items ?? []).map(({ id }) => id),
        });
      }
    } else if (row.kind === "link") {
      builder.link(`anonymous#${row.anonymousId}`, `user#${row.userId}`);
    } else if (row.kind === "item") {
      builder.addItem(row.item.id);
      catalogueItems++;
    }
    if (++count % rowsPerReport === 0) onProgress(count, seen.size);
  }
  onProgress(count, seen.size);
  return { log: builder.build(), rows: count, events: seen.size, ahead, catalogueItems };
}
