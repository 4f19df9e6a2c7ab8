import { type Event, type Principal, uuidV7Time } from "@endcap/protocol";
import type { TableName, Tables } from "@endcap/storage";

/** A page freezes what it tells after a second. What is this much older than its batch has another reason to be in it. */
const freshMs = 5_000;
/** Events of the shopper that are looked at, newest first: a bound on what a doubtful batch costs. */
const lookedAtMax = 500;

/**
 * Whether events of a page's batch may be in an earlier one as well: told long before the batch was frozen, so taken over
 * from a page that was killed, or told once more by a page that was loaded again (a purchase keeps its id). Of servers none
 * is: they freeze a batch once, and send it again by its id.
 */
export function mayBeToldBefore(events: readonly Event[], batchId: string, { auth }: Principal): boolean {
  if (auth === "sk") return false;
  const frozenAt = uuidV7Time(batchId) ?? 0;
  return events.some(({ id }) => frozenAt - (uuidV7Time(id) ?? 0) > freshMs);
}

/** The events without those that the shopper's table has from other batches: an event is counted, and billed, by its first. */
export async function withoutToldBefore(
  tables: Tables,
  name: TableName,
  events: readonly Event[],
  { anonymousId, userId }: Principal,
): Promise<readonly Event[]> {
  await using table = await tables.open(name);
  const shopper = { ...(anonymousId !== undefined && { anonymousId }), ...(userId !== undefined && { userId }) };
  const known = new Set((await table.events.latest(shopper, lookedAtMax)).map(({ id }) => id));
  return events.filter(({ id }) => !known.has(id));
}
