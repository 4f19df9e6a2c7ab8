import type { Event, ServedRecord, Shopper } from "@endcap/protocol";
import { shopperKeyOf } from "@endcap/storage";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFrame, encodeFrame } from "../src/lmdb/frame.ts";
import { decodeEvents, encodeEvents } from "../src/rows/events-text.ts";
import { exportLine, parseExportLine, type RawRow } from "../src/rows/raw-row.ts";
import { decodeServed, encodeServed } from "../src/rows/served-text.ts";
import { event, iso, NOON, uuidAt } from "./contract/fixtures.ts";

const text = fc.string({ unit: "grapheme", maxLength: 200 });
const seconds = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const row: fc.Arbitrary<RawRow> = fc.record({
  pk: text,
  sk: text,
  at: time,
  text,
  expiresAt: fc.option(
    seconds.map((s) => s * 1000),
    { nil: undefined },
  ),
  batch: fc.option(fc.record({ receivedAt: time, count: fc.integer({ min: 0, max: 65_535 }), digest }), {
    nil: undefined,
  }),
});
const shopper: fc.Arbitrary<Shopper> = fc
  .record({ anonymousId: text.filter(Boolean), userId: text.filter(Boolean) }, { requiredKeys: [] })
  .filter((ids) => shopperKeyOf(ids) !== undefined);

describe("a row comes back as it was", () => {
  it("from lmdb's bytes, also in the middle of a larger buffer", () => {
    fc.assert(
      fc.property(row, ({ pk: _, sk: __, ...value }) => {
        const bytes = encodeFrame(value);
        expect(decodeFrame(bytes)).toEqual(value);
        const plain = new Uint8Array(bytes.length + 20);
        plain.set(bytes, 7);
        expect(decodeFrame(plain.subarray(7, 7 + bytes.length))).toEqual(value);
      }),
    );
  });

  it("from a line of an export, which is one line", () => {
    fc.assert(
      fc.property(row, (value) => {
        const line = exportLine(value);
        expect(line).not.toContain("\n");
        expect(parseExportLine(line)).toEqual(value);
      }),
    );
  });

  it("from the text of a batch, whoever its shoppers are", () => {
    const of = (who: Shopper | undefined, n: number): Event => {
      const { shopper: _, ...bare } = event({}, NOON + n, { query: "q" });
      return who ? { ...bare, shopper: who } : bare;
    };
    fc.assert(
      fc.property(shopper, fc.array(fc.option(shopper, { nil: undefined }), { maxLength: 6 }), (owner, others) => {
        const key = shopperKeyOf(owner);
        if (!key) return;
        const events = [of(owner, 0), ...others.map((who, i) => of(who ?? owner, i + 1))];
        expect(decodeEvents(key, encodeEvents(key, events))).toEqual(events);
      }),
    );
  });

  it("from the text of a served list", () => {
    const record: fc.Arbitrary<ServedRecord> = fc
      .record({
        shopper: fc.oneof(shopper, fc.constant({})),
        items: fc.array(text, { maxLength: 5 }),
        strategy: text,
        modelVersion: fc.option(text),
        answeredBy: fc.constantFrom("recommender" as const, "fallback" as const),
      })
      .map((fields) => ({ recommendationId: uuidAt(NOON), at: iso(NOON), ...fields }));
    fc.assert(
      fc.property(record, fc.option(text, { nil: undefined }), (plain, placement) => {
        const full = placement === undefined ? plain : { ...plain, placement, variant: placement };
        expect(decodeServed(shopperKeyOf(full.shopper), full.recommendationId, encodeServed(full))).toEqual(full);
      }),
    );
  });

  it("unless a newer version wrote it: then it is refused", () => {
    const bytes = encodeFrame({ at: NOON, text: "x", expiresAt: undefined, batch: undefined });
    bytes[0] = 9;
    expect(() => decodeFrame(bytes)).toThrow(expect.objectContaining({ code: "data_dir_newer" }));
  });
});
