import { expect, it } from "vitest";
import {
  createList,
  EventLogBuilder,
  encodeModel,
  ModelFileError,
  ModelOpening,
  openModel,
  trainModel,
} from "../../src/model/index.ts";

function smallModel() {
  const builder = new EventLogBuilder();
  const odd = ["a", "é".repeat(250), "茶", "with # and / in it"];
  for (let s = 0; s < 60; s++) {
    for (let n = 0; n < 3; n++) {
      const type = n === 2 ? "purchase" : "view_item";
      builder.add({
        shopper: `s${s}`,
        type,
        at: s * 3_600_000 + n * 1000,
        itemIds: [odd[(s + n) % odd.length] as string],
      });
    }
  }
  return trainModel(builder.build(), { seed: 1, trainedAt: 1_790_000_000_000 }).model;
}

const bytesOf = (model: ReturnType<typeof smallModel>) => new Uint8Array(Buffer.concat([...encodeModel(model)]));
/** As the model store gives it: from offset 0 of a buffer of its own. */
const own = (bytes: Uint8Array) => new Uint8Array(bytes);

it("what was written is what is opened, ids of any script and length included", () => {
  const model = smallModel();
  const opened = openModel(own(bytesOf(model)));
  expect(opened.itemCount).toBe(model.itemCount);
  const [a, b] = [createList(4), createList(4)];
  for (let item = 0; item < model.itemCount; item++) {
    expect(opened.idOf(item)).toBe(model.idOf(item));
    expect(opened.indexOf(model.idOf(item))).toBe(item);
    model.related(item, { limit: 4 }, a);
    opened.related(item, { limit: 4 }, b);
    expect([...b.items]).toEqual([...a.items]);
  }
  expect(opened.parts.meta).toEqual(model.parts.meta);
});

it("any altered byte is refused", () => {
  const bytes = bytesOf(smallModel());
  for (let at = 0; at < bytes.length; at += Math.max(1, Math.floor(bytes.length / 3_000))) {
    const altered = own(bytes);
    altered[at] = (altered[at] as number) ^ 0x40;
    expect(() => openModel(altered), `byte ${at}`).toThrow(ModelFileError);
  }
});

it("a file cut anywhere is refused", () => {
  const bytes = bytesOf(smallModel());
  for (const length of [0, 1, 7, 63, 64, 100, bytes.length >> 1, bytes.length - 1]) {
    expect(() => openModel(own(bytes.subarray(0, length))), `${length} bytes`).toThrow(ModelFileError);
  }
});

function openInPieces(bytes: Uint8Array<ArrayBuffer>, pieceBytes: number) {
  const opening = new ModelOpening(bytes);
  for (let end = pieceBytes; end < bytes.length; end += pieceBytes) opening.check(end);
  opening.check(bytes.length);
  return opening.finish();
}

it("a file is the same model in whatever pieces it arrives", () => {
  const bytes = bytesOf(smallModel());
  const [whole, list] = [createList(4), createList(4)];
  openModel(own(bytes)).related(0, { limit: 4 }, whole);
  for (const pieceBytes of [1, 7, 64, 1_000, bytes.length]) {
    openInPieces(own(bytes), pieceBytes).related(0, { limit: 4 }, list);
    expect([...list.items]).toEqual([...whole.items]);
  }
});

it("an altered byte is refused in whatever piece it arrives, and what has not arrived never serves", () => {
  const bytes = bytesOf(smallModel());
  for (let at = 0; at < bytes.length; at += Math.max(1, Math.floor(bytes.length / 500))) {
    const altered = own(bytes);
    altered[at] = (altered[at] as number) ^ 0x40;
    expect(() => openInPieces(altered, 1_000), `byte ${at}`).toThrow(ModelFileError);
  }
  const opening = new ModelOpening(own(bytes));
  expect(() => opening.finish()).toThrow(ModelFileError);
  opening.check(bytes.length - 1);
  expect(() => opening.finish()).toThrow(ModelFileError);
});
