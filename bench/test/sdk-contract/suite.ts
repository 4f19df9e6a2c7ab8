/** What a client may expect of Endcap, whoever answers: the real gateway and the fake of `@endcap/sdk-node/testing`. */
import { type RandomBytes, uuidV7 } from "@endcap/protocol";
import { type Endcap, EndcapApiError, type EndcapOptions } from "@endcap/sdk-node";
import { beforeAll, describe, expect, it } from "vitest";

const random: RandomBytes = (bytes) => crypto.getRandomValues(bytes);

export type ClientFactory = (options?: Partial<EndcapOptions>) => Endcap;

const item = (id: string, updatedAt: string, changes: object = {}) => ({
  id,
  title: `Title of ${id}`,
  url: `/p/${id}`,
  price: "10.00",
  currency: "EUR",
  availability: "in_stock" as const,
  categories: [["Home"]],
  updatedAt,
  ...changes,
});

/** Code of a refusal; fails the test when there is none. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof EndcapApiError) return error.code;
    throw error;
  }
  throw new Error("the call was not refused");
}

/** `open` gives a factory of clients for a tenant that has neither items nor events. */
export function clientContract(open: () => Promise<ClientFactory>): void {
  let make: ClientFactory;
  let endcap: Endcap;
  beforeAll(async () => {
    make = await open();
    endcap = make();
  });

  describe("events", () => {
    it("accepts each event once, and says which were refused and why", async () => {
      const now = Date.now();
      const good = {
        id: uuidV7(now, random),
        type: "view_item" as const,
        at: new Date(now).toISOString(),
        shopper: { userId: "u-1" },
        items: [{ id: "a" }],
      };
      const batch = {
        batchId: uuidV7(now, random),
        events: [
          good,
          { ...good },
          { ...good, id: uuidV7(now, random), shopper: {} },
          { ...good, id: uuidV7(now, random), at: new Date(now + 3_600_000).toISOString() },
          { ...good, id: "no uuid" },
        ],
      };
      const first = await endcap.events.send(batch);
      expect(first).toMatchObject({ accepted: 1, duplicates: 1, batchId: batch.batchId });
      expect(first.rejected.map(({ index, code }) => ({ index, code }))).toEqual([
        { index: 2, code: "shopper_missing" },
        { index: 3, code: "clock_ahead" },
        { index: 4, code: "event_invalid" },
      ]);
      expect(await endcap.events.send(batch)).toMatchObject({ accepted: 0, duplicates: 2 });
      expect(await codeOf(endcap.events.send({ ...batch, events: [good] }))).toBe("batch_changed");
    });

    it("refuses a batch whose id is no uuid v7 or from another week", async () => {
      const events = [{ id: uuidV7(Date.now(), random), type: "page_view" as const, at: new Date().toISOString() }];
      expect(await codeOf(endcap.events.send({ batchId: "b-1", events }))).toBe("batch_id_invalid");
      const old = uuidV7(Date.now() - 8 * 86_400_000, random);
      expect(await codeOf(endcap.events.send({ batchId: old, events }))).toBe("clock_behind");
      expect(await codeOf(endcap.events.send({ events: [] }))).toBe("invalid_request");
    });

    it("counts what track() delivered", async () => {
      await using other = make();
      other.track("view_item", { userId: "u-2", items: ["a"] });
      other.track("purchase", { userId: "u-2", transactionId: "t-1", currency: "EUR", items: [{ id: "a", price: 1 }] });
      expect(await other.flush()).toEqual({ accepted: 2, duplicates: 0, rejected: [], dropped: 0 });
      expect(await other.flush()).toEqual({ accepted: 0, duplicates: 0, rejected: [], dropped: 0 });
    });
  });

  describe("items", () => {
    it("keeps the newest write and remembers a deletion", async () => {
      const [older, newer] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
      expect(await endcap.items.upsert([item("tisch/ä 1", newer)])).toMatchObject({ stored: 1, stale: 0 });
      expect(await endcap.items.upsert([item("tisch/ä 1", older, { title: "late" })])).toMatchObject({ stale: 1 });
      expect(await endcap.items.get("tisch/ä 1")).toMatchObject({ title: "Title of tisch/ä 1" });
      await endcap.items.delete("tisch/ä 1");
      await endcap.items.delete("tisch/ä 1");
      expect(await endcap.items.upsert([item("tisch/ä 1", newer)])).toMatchObject({ stale: 1 });
      expect(await codeOf(endcap.items.get("tisch/ä 1"))).toBe("item_not_found");
    });

    it("refuses one bad item alone", async () => {
      const at = new Date().toISOString();
      const result = await endcap.items.upsert([item("good", at), item("bad", at, { price: "cheap" })]);
      expect(result).toMatchObject({ stored: 1 });
      expect(result.rejected).toMatchObject([{ index: 1, id: "bad", code: "item_invalid", pointer: "/price" }]);
    });
  });

  describe("recommendations", () => {
    it("never lists what is sold out, hidden, excluded or filtered away", async () => {
      const at = new Date().toISOString();
      await endcap.items.upsert([
        item("in", at),
        item("red", at, { attributes: { colour: "red" } }),
        item("out", at, { availability: "out_of_stock" }),
        item("hidden", at, { hidden: true }),
      ]);
      const ids = async (request: object) => {
        const answer = await endcap.recommendations.get({ shopper: { userId: "u-3" }, ...request });
        expect(answer.recommendationId).toMatch(/^[0-9a-f-]{36}$/);
        return answer.items.map(({ id }) => id);
      };
      await expect.poll(() => ids({ strategy: "for_you", limit: 100 }), { timeout: 20_000 }).toContain("red");
      const all = await ids({ strategy: "for_you", limit: 100 });
      expect(all).not.toContain("out");
      expect(all).not.toContain("hidden");
      expect(await ids({ strategy: "for_you", exclude: ["red"] })).not.toContain("red");
      expect(await ids({ strategy: "for_you", filter: { "attributes.colour": "red" } })).toEqual(["red"]);
      expect(await ids({ strategy: "personalized_ranking", items: ["red", "in"] })).toHaveLength(2);
    });

    it("says how a language writes the items' prices to whoever asks for it", async () => {
      await endcap.items.upsert([item("priced", new Date().toISOString())]);
      const ask = (locale?: string) =>
        endcap.recommendations.get({
          strategy: "for_you",
          shopper: { userId: "u-5" },
          limit: 100,
          ...(locale && { locale }),
        });
      const listed = async () => (await ask("de-AT")).items.map(({ id }) => id);
      await expect.poll(listed, { timeout: 20_000 }).toContain("priced");
      const { money } = await ask("de-AT");
      expect(money?.EUR).toMatchObject({ decimal: ",", fraction: 2 });
      expect(await ask()).not.toHaveProperty("money");
    });

    it("lists what a shopper has just looked at", async () => {
      const at = new Date().toISOString();
      await endcap.items.upsert([item("seen-1", at), item("seen-2", at)]);
      await using other = make();
      const now = Date.now();
      other.track("view_item", { userId: "u-4", items: ["seen-1"], at: new Date(now - 2000) });
      other.track("view_item", { userId: "u-4", items: ["seen-2"], at: new Date(now - 1000) });
      await other.flush();
      const recent = async () => {
        const { items } = await other.recommendations.get({
          strategy: "recently_viewed",
          shopper: { userId: "u-4" },
          include: ["item"],
        });
        return items.map(({ id, item: details }) => `${id} ${details?.title}`);
      };
      await expect.poll(recent, { timeout: 20_000 }).toEqual(["seen-2 Title of seen-2", "seen-1 Title of seen-1"]);
    });

    it("refuses what it cannot answer, with a code", async () => {
      const shopper = { userId: "u" };
      const strategy = (name: string) => ({ shopper, strategy: name as "for_you" });
      expect(await codeOf(endcap.recommendations.get({ shopper }))).toBe("invalid_request");
      expect(await codeOf(endcap.recommendations.get(strategy("custom:best")))).toBe("strategy_unknown");
      const filter = { no_such_field: 1 };
      expect(await codeOf(endcap.recommendations.get({ ...strategy("for_you"), filter }))).toBe("filter_unknown_field");
    });
  });

  describe("imports", () => {
    it("stores a part once, reports bad lines by number and completes", async () => {
      const at = "2025-06-01T12:00:00Z";
      const event = { id: uuidV7(Date.parse(at), random), type: "view_item" as const, at, shopper: { userId: "u-5" } };
      const lines = [{ event }, { item: item("imported", at) }, { event: { ...event, at: "yesterday" } }];
      const result = await endcap.imports.run("history-1", lines as never);
      expect(result).toMatchObject({ parts: 1, lines: 3, events: 1, items: 1, rejected: 1 });
      expect(result.faults).toMatchObject([{ line: 3, code: "event_invalid", pointer: "/event/at" }]);
      expect(await endcap.imports.open("history-1").state()).toMatchObject({
        completed: true,
        partsStored: 1,
        events: 1,
      });
      expect(await endcap.imports.run("history-1", lines as never)).toMatchObject({ partsSkipped: 1 });
      expect(await endcap.items.get("imported")).toMatchObject({ id: "imported" });

      const open = endcap.imports.open("history-2");
      await open.putPart(2, [{ item: item("second", at) }]);
      expect(await open.state()).toMatchObject({ firstMissingPart: 1, completed: false });
      expect(await codeOf(open.complete(2))).toBe("import_incomplete");
      expect(await codeOf(open.putPart(2, [{ item: item("other", at) }]))).toBe("import_part_changed");
    });
  });

  describe("callers", () => {
    it("are refused when their secret or their clock is wrong", async () => {
      const call = (options: Partial<EndcapOptions>) => codeOf(make({ retries: 0, ...options }).items.get("x"));
      expect(await call({ secret: "A".repeat(43) })).toBe("signature_invalid");
      expect(await call({ now: () => Date.now() - 3_600_000 })).toBe("signature_expired");
    });

    it("with an honest secret may send it as it is", async () => {
      expect(await codeOf(make({ auth: "bearer" }).items.get("no-such-item"))).toBe("item_not_found");
    });

    it("may do what their key's scopes say, and no more", async () => {
      expect(await codeOf(make({ retries: 0 }).shoppers.erase({ userId: "u-1" }))).toBe("scope_missing");
    });
  });
}
