import { ARRIVALS, type Arrival, type ArrivalFeed } from "@endcap/storage";
import { describe, expect, it } from "vitest";
import { batch, event, HARD_IDS, NOON, sha256 } from "./fixtures.ts";
import type { TablesAdapter } from "./suite.ts";
import { useTables } from "./use-tables.ts";

const nameOf = ({ shopper, batchId }: Arrival): string => `${shopper.kind} ${shopper.id} ${batchId}`;

/** What a reader of the feed does: goes on from its cursor and leaves out what it knows. */
class Follower {
  readonly known = new Map<string, Arrival>();
  given = 0;
  #from: number | string;

  constructor(from: number) {
    this.#from = from;
  }

  /** Resolves to the ids of the shoppers whose batches are new. */
  async follow(feed: ArrivalFeed, limit: number): Promise<string[]> {
    const fresh: string[] = [];
    for (let more = true; more; ) {
      const answer = await feed.since(this.#from, limit);
      expect(answer.arrivals.length).toBeLessThanOrEqual(limit);
      this.#from = answer.cursor;
      more = answer.more;
      this.given += answer.arrivals.length;
      for (const arrival of answer.arrivals) {
        if (!this.known.has(nameOf(arrival))) fresh.push(arrival.shopper.id);
        this.known.set(nameOf(arrival), arrival);
      }
    }
    return fresh;
  }
}

export function arrivalsContract(adapter: TablesAdapter): void {
  describe(`${adapter.name}: the feed of arrivals`, () => {
    const bench = useTables(adapter);
    const put = (userId: string, at: number) => bench.table.events.append([batch([event({ userId }, at)])]);

    it("gives what arrived, in that order, over all shoppers, with ids of every shape", async () => {
      const follower = new Follower(NOON);
      expect(await follower.follow(bench.table.arrivals, 10)).toEqual([]);
      for (const id of HARD_IDS) {
        await put(id, NOON);
        bench.advance(1);
      }
      expect(await follower.follow(bench.table.arrivals, 3)).toEqual(HARD_IDS);
      expect(await follower.follow(bench.table.arrivals, 3)).toEqual([]);
    });

    it("gives the batches themselves, with all they hold", async () => {
      const sent = batch([event({ anonymousId: "a_1" }, NOON), event({ anonymousId: "a_1" }, NOON + 5)]);
      await bench.table.events.append([sent]);
      const { arrivals } = await bench.table.arrivals.since(NOON, 10);
      const [read] = await bench.table.arrivals.read(arrivals);
      expect(read?.events.map(({ id }) => id)).toEqual(sent.parts[0]?.events.map(({ id }) => id));
      expect(read).toMatchObject({ shopper: { kind: "anonymous", id: "a_1" }, batchId: sent.batchId });
      expect(
        await bench.table.arrivals.read([{ shopper: { kind: "user", id: "nobody" }, batchId: sent.batchId }]),
      ).toEqual([undefined]);
    });

    it("has each part of a batch, also when parts arrive one by one, and a re-sent batch once", async () => {
      const [one, two] = ["one", "two"].map((userId) => ({
        shopper: { kind: "user" as const, id: userId },
        events: [event({ userId }, NOON)],
      }));
      if (!one || !two) throw new Error("two parts");
      const whole = { ...batch(one.events), digest: sha256("x"), parts: [one, two] };
      await bench.table.events.append([{ ...whole, parts: [one] }]);
      bench.advance(1);
      expect(await bench.table.events.append([whole, whole])).toEqual(["stored", "duplicate"]);
      const { arrivals } = await bench.table.arrivals.since(NOON, 10);
      expect(arrivals.map(({ shopper }) => shopper.id)).toEqual(["one", "two"]);
    });

    it("begins where it is told, and gives the last seconds again rather than miss what was committed late", async () => {
      await put("before", NOON);
      bench.advance(60_000);
      const follower = new Follower(NOON + 60_000);
      await put("a", NOON + 60_000);
      expect(await follower.follow(bench.table.arrivals, 10)).toEqual(["a"]);
      await put("b", NOON + 60_000);
      expect(await follower.follow(bench.table.arrivals, 10)).toEqual(["b"]);
      bench.advance(ARRIVALS.overlapMs + 1);
      await follower.follow(bench.table.arrivals, 10);
      const before = follower.given;
      expect(await follower.follow(bench.table.arrivals, 10)).toEqual([]);
      expect(follower.given).toBe(before);
    });

    it("leaves old history out, forgets what is too old, and what expired is not read", async () => {
      await put("history", NOON - ARRIVALS.reachMs - 1);
      await bench.table.events.append([batch([event({ userId: "short" }, NOON)], { expiresAt: NOON + 10_000 })]);
      const { arrivals } = await bench.table.arrivals.since(0, 10);
      expect(arrivals.map(({ shopper }) => shopper.id)).toEqual(["short"]);
      bench.advance(10_000);
      expect(await bench.table.arrivals.read(arrivals)).toEqual([undefined]);
      await put("kept", NOON);
      bench.advance(ARRIVALS.reachMs - 5);
      await bench.table.sweep();
      const left = await bench.table.arrivals.since(0, 10);
      expect(left.arrivals.map(({ shopper }) => shopper.id)).toEqual(["kept"]);
    });
  });
}
