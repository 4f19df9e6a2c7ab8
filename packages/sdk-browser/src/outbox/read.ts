/** What stands in the outbox, read back. */
import type { Event } from "@endcap/protocol";
import { attempt } from "../core/attempt.ts";
import type { Outbox } from "./outbox.ts";

export function eventsOf(outbox: Outbox, name: string): Event[] {
  return attempt(() => (JSON.parse(outbox.payloadOf(name)) as { events: Event[] }).events) ?? [];
}

/** Events of the shopper that are not acknowledged yet, oldest first. */
export function pending(outbox: Outbox, anonymousId: string): Event[] {
  const mine = outbox.batches().filter((name) => outbox.facts(name).anonymousId === anonymousId);
  const loose = JSON.parse(`[${outbox.looseEvents()}]`) as Event[];
  return [...mine.flatMap((name) => eventsOf(outbox, name)), ...loose];
}
