import { setImmediate as nextTurn } from "node:timers/promises";
import type { Event, ServedRecord } from "@endcap/protocol";
import { type ShopperKey, shopperKeyOf, type TenantTable } from "@endcap/storage";

/** What one person was served and did within a report's time, each event id once, oldest first. */
export interface Activity {
  readonly served: readonly ServedRecord[];
  readonly events: readonly Event[];
  /** There was more than is looked at: the oldest events are missing. */
  readonly truncated: boolean;
}

export interface ActivityRange {
  /** Unix milliseconds, included. */
  readonly from: number;
  /** Unix milliseconds, excluded. */
  readonly to: number;
}

/** The newest of them; a person does not do more in a month. */
const EVENTS_MAX = 5_000;
/** After so many shoppers the event loop has a turn. */
const SHOPPERS_PER_TURN = 20;

/**
 * Everyone who was served a list, one person at a time: in memory are that person's rows, and the ids of the browsers
 * that belong to a user met before. Browsers that signed in count with their user.
 */
export async function* activities(table: TenantTable, range: ActivityRange): AsyncGenerator<Activity> {
  const browsersOfUsers = new Set<string>();
  let shoppers = 0;
  for (const kind of ["user", "anonymous"] as const) {
    for await (const { key, served } of servedByShopper(table, range, kind)) {
      if (kind === "anonymous" && browsersOfUsers.has(key.id)) continue;
      const lists = [...served];
      if (kind === "user") {
        for (const { anonymousId } of await table.events.links(key.id)) {
          if (browsersOfUsers.has(anonymousId)) continue;
          browsersOfUsers.add(anonymousId);
          const shopper: ShopperKey = { kind: "anonymous", id: anonymousId };
          for await (const record of table.served.scan({ shopper, from: range.from })) {
            if (within(record, range)) lists.push(record);
          }
        }
      }
      yield await activityOf(table, range, key, lists);
      if (++shoppers % SHOPPERS_PER_TURN === 0) await nextTurn();
    }
  }
}

async function activityOf(
  table: TenantTable,
  range: ActivityRange,
  { kind, id }: ShopperKey,
  served: ServedRecord[],
): Promise<Activity> {
  const newest = await table.events.latest(kind === "user" ? { userId: id } : { anonymousId: id }, EVENTS_MAX);
  const oldest = newest.at(-1);
  return {
    served: served.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    events: newest.filter((event) => within(event, range)).reverse(),
    truncated: newest.length === EVENTS_MAX && oldest !== undefined && Date.parse(oldest.at) >= range.from,
  };
}

/** The served log is in the order of shoppers; lists served to nobody are left out, as nobody's deeds follow from them. */
async function* servedByShopper(
  table: TenantTable,
  range: ActivityRange,
  kind: ShopperKey["kind"],
): AsyncGenerator<{ key: ShopperKey; served: ServedRecord[] }> {
  let key: ShopperKey | undefined;
  let served: ServedRecord[] = [];
  for await (const record of table.served.scan({ from: range.from })) {
    const owner = shopperKeyOf(record.shopper);
    if (owner?.kind !== kind || !within(record, range)) continue;
    if (key !== undefined && key.id !== owner.id) {
      yield { key, served };
      served = [];
    }
    key = owner;
    served.push(record);
  }
  if (key !== undefined) yield { key, served };
}

function within({ at }: { readonly at: string }, { from, to }: ActivityRange): boolean {
  const time = Date.parse(at);
  return time >= from && time < to;
}
