import { expect, it } from "vitest";
import { seededRandom } from "../../src/model/random.ts";
import { Similarity } from "../../src/model/similarity.ts";
import { VIEWS_STRIDE } from "../../src/model/vector-kernels.ts";
import { DIMENSIONS, type Vectors } from "../../src/model/vectors.ts";

const items = 60;
const decays = [0.3, 1, 20];

function madeVectors(): Vectors {
  const random = seededRandom(4);
  const bytes = Int8Array.from({ length: items * DIMENSIONS }, () => Math.floor(random() * 255) - 127);
  const scales = Float32Array.from({ length: items }, (_, item) => 1 / Math.hypot(...row(bytes, item)));
  return { bytes, scales };
}

const row = (bytes: Int8Array, item: number) => [...bytes.subarray(item * DIMENSIONS, (item + 1) * DIMENSIONS)];
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, d) => sum + x * (b[d] ?? 0), 0);

/** Cosine of an item with the session, its newest ten clicks, in double precision. */
function expected({ bytes, scales }: Vectors, session: readonly number[], item: number, decay: number): number {
  const direction = new Array<number>(DIMENSIONS).fill(0);
  for (const [back, click] of session.toReversed().slice(0, 10).entries()) {
    const weight = Math.exp(-decay * back) * (scales[click] ?? 0);
    for (const [d, number] of row(bytes, click).entries()) direction[d] = (direction[d] ?? 0) + weight * number;
  }
  return (dot(direction, row(bytes, item)) * (scales[item] ?? 0)) / Math.sqrt(dot(direction, direction));
}

it.each([1, 2, 10, 25])("cosines with a session of %i clicks are those of its definition", (clicks) => {
  const vectors = madeVectors();
  const similarity = new Similarity(vectors, items);
  const random = seededRandom(clicks);
  const session = Array.from({ length: clicks }, () => Math.floor(random() * items));
  const slots = Int32Array.from({ length: items }, (_, slot) => slot);
  const itemOfSlot = Int32Array.from({ length: items }, (_, slot) => items - 1 - slot);
  similarity.begin(session, session.length);
  similarity.compare(slots, itemOfSlot, items);
  for (const [slot, item] of itemOfSlot.entries()) {
    for (const [view, decay] of decays.entries()) {
      const cosine = similarity.cosines[slot * VIEWS_STRIDE + view];
      expect(cosine).toBeCloseTo(expected(vectors, session, item, decay), 5);
    }
  }
});
