import type { Event, Item } from "@endcap/protocol";
import type { TableRow } from "@endcap/storage";
import { type InteractionLog, interactionKind } from "../model/index.ts";
import { textHash } from "../text-hash.ts";
import { readLog } from "../train/read-log.ts";
import { type ShopperTasks, shopperTasks } from "./shopper-tasks.ts";

const DAY_MS = 86_400_000;
/** What is held out: the last month, but no more than the last tenth of the time. */
const heldOutMsMax = 30 * DAY_MS;
const heldOutShare = 0.1;
/** Shoppers whose events are held in memory; of more, a part chosen by hash is asked. */
const shoppersMax = 20_000;

export interface TenantHistory extends ShopperTasks {
  /** What happened before `since`, and every item of the catalogue. */
  readonly log: InteractionLog;
  readonly catalogue: readonly Item[];
  /** Unix milliseconds. */
  readonly since: number;
  readonly until: number;
}

/**
 * A tenant's table cut at one moment: what was before trains, exactly as a training reads it, and what shoppers did after
 * is asked. `rows` is called three times and must give the same rows.
 */
export async function readTenantHistory(
  rows: () => AsyncIterable<TableRow>,
  heldOutMs: number | undefined,
): Promise<TenantHistory> {
  const { first, last, links, catalogue } = await survey(rows());
  if (last === undefined) throw new Error("there is no view, cart or purchase in this history");
  const since = last - (heldOutMs ?? Math.min(heldOutMsMax, (last - first) * heldOutShare));
  const whoOf = (row: Extract<TableRow, { kind: "events" }>): string => {
    const key = `${row.shopper.kind}#${row.shopper.id}`;
    return links.get(key) ?? key;
  };
  const later = new Set<string>();
  const { log } = await readLog(
    until(rows(), since, (row) => later.add(whoOf(row))),
    since,
    () => undefined,
  );
  const step = Math.ceil(later.size / shoppersMax);
  const histories = new Map<string, Map<string, Event>>();
  for (const who of later) if (textHash(who) % step === 0) histories.set(who, new Map());
  for await (const row of rows()) {
    if (row.kind !== "events") continue;
    const events = histories.get(whoOf(row));
    if (events !== undefined) for (const event of row.events) events.set(event.id, event);
  }
  const tasks: ShopperTasks = { nextItem: [], nextBasket: [], nextCart: [], relatedItems: [] };
  for (const events of histories.values()) shopperTasks([...events.values()], since, tasks);
  return { log, catalogue, since, until: last, ...tasks };
}

async function survey(rows: AsyncIterable<TableRow>) {
  let first = Number.POSITIVE_INFINITY;
  let last: number | undefined;
  const links = new Map<string, string>();
  const catalogue: Item[] = [];
  for await (const row of rows) {
    if (row.kind === "link") links.set(`anonymous#${row.anonymousId}`, `user#${row.userId}`);
    else if (row.kind === "item") catalogue.push(row.item);
    else if (row.kind === "events") {
      for (const event of row.events) {
        const at = Date.parse(event.at);
        if (interactionKind(event.type) === undefined || !Number.isFinite(at)) continue;
        first = Math.min(first, at);
        last = Math.max(last ?? at, at);
      }
    }
  }
  return { first, last, links, catalogue };
}

/** The rows without what happened at `since` or later; `onLater` is told of those that had some. */
async function* until(
  rows: AsyncIterable<TableRow>,
  since: number,
  onLater: (row: Extract<TableRow, { kind: "events" }>) => void,
): AsyncGenerator<TableRow> {
  for await (const row of rows) {
    if (row.kind !== "events") {
      yield row;
      continue;
    }
    const events = row.events.filter(({ at }) => Date.parse(at) < since);
    if (events.length < row.events.length) onLater(row);
    if (events.length > 0) yield { ...row, events };
  }
}
