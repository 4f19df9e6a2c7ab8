import { join } from "node:path";
import { newTenantId } from "@endcap/protocol";
import { EventLogBuilder, encodeModel, Model, trainModel } from "@endcap/recommender/model";
import { openModels } from "@endcap/storage";
import { seededRandom } from "../stack/small-shop.ts";

export const modelKey = "m-1.ecm";

/**
 * A model whose every item has `neighbours` neighbours, in a store in `directory`: as large as years of events make one,
 * without the hours of training. Everything but its count tables comes from a training on a few visits.
 */
export async function writeDenseModel(
  directory: string,
  items: number,
  neighbours: number,
): Promise<{ tenant: string; path: string }> {
  const builder = new EventLogBuilder();
  for (let item = 0; item < items; item++) builder.addItem(`sku-${item}`);
  for (let s = 0; s < 500; s++) {
    for (let n = 0; n < 3; n++)
      builder.add({ shopper: `s${s}`, type: "view_item", at: s * 60_000 + n, itemIds: [`sku-${(s * 7 + n) % items}`] });
  }
  const { parts } = trainModel(builder.build(), { seed: 1, trainedAt: 0 }).model;
  const random = seededRandom(13);
  const count = items * neighbours;
  const signals = 6;
  const rows = {
    rowOffsets: Uint32Array.from({ length: items + 1 }, (_, item) => item * neighbours),
    neighbours: Int32Array.from({ length: count }, () => Math.floor(random() * items)),
    values: Uint8Array.from({ length: count * signals }, (_, at) => at & 0xff),
  };
  const model = new Model({ ...parts, tables: { ...parts.tables, ...rows } });
  const tenant = newTenantId((bytes) => crypto.getRandomValues(bytes));
  await openModels(`file:${directory}`).open(tenant).putIfAbsent(modelKey, piecesOf(model));
  return { tenant, path: join(directory, tenant, "models", modelKey) };
}

async function* piecesOf(model: Model): AsyncGenerator<Uint8Array> {
  yield* encodeModel(model);
}
