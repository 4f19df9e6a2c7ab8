import { expect, it } from "vitest";
import { fitReranker } from "../../src/model/fit-reranker.ts";
import { holdOut } from "../../src/model/held-out.ts";
import { createList, EventLogBuilder, encodeModel, type InteractionLog, trainModel } from "../../src/model/index.ts";
import { MlpTrainer } from "../../src/model/mlp-trainer.ts";
import { seededRandom } from "../../src/model/random.ts";

/** Shoppers walk in circles through themes of ten items; every fourth comes back to where it started. */
function walks(shoppers: number): InteractionLog {
  const builder = new EventLogBuilder();
  const random = seededRandom(5);
  for (let s = 0; s < shoppers; s++) {
    const theme = Math.floor(random() * 20);
    const first = Math.floor(random() * 10);
    const steps = [0, 1, 2, 3].map((n) => `t${theme}-${(first + n) % 10}`);
    if (s % 4 === 0) steps.push(steps[0] as string);
    for (const [n, id] of steps.entries())
      builder.add({ shopper: `s${s}`, type: "view_item", at: s * 60_000 + n * 1000, itemIds: [id] });
  }
  return builder.build();
}

it("gradients are those of the loss, by finite differences", () => {
  const [inputs, rows] = [6, 5];
  const random = seededRandom(3);
  const trainer = new MlpTrainer(inputs, rows);
  const { layout, parameters, x } = trainer;
  for (let i = 0; i < parameters.length; i++) parameters[i] = (random() - 0.5) * 0.6;
  for (let r = 0; r < rows; r++) for (let f = 0; f < inputs; f++) x[r * layout.stride + f] = (random() - 0.5) * 2;
  const loss = () => {
    trainer.gradients.fill(0);
    trainer.refresh();
    return trainer.accumulate(rows);
  };
  loss();
  const gradients = trainer.gradients.slice();
  const step = 1e-2;
  let checked = 0;
  for (let i = 0; i < parameters.length; i += 7) {
    const kept = parameters[i] as number;
    parameters[i] = kept + step;
    const above = loss();
    parameters[i] = kept - step;
    const below = loss();
    parameters[i] = kept;
    // Float32, and a step may cross the kink of a ReLU: a few percent of room.
    expect(Math.abs((above - below) / (2 * step) - (gradients[i] as number))).toBeLessThan(0.01);
    checked++;
  }
  expect(checked).toBeGreaterThan(150);
});

it("the same log and seed give the same bytes, another seed others", () => {
  const log = walks(1_500);
  const bytes = (seed: number) => Buffer.concat([...encodeModel(trainModel(log, { seed, trainedAt: 1 }).model)]);
  expect(bytes(1).equals(bytes(1))).toBe(true);
  expect(bytes(1).equals(bytes(2))).toBe(false);
});

it("learns what the next step is, and that shoppers come back", () => {
  const { model, report } = trainModel(walks(3_000), { seed: 1, trainedAt: 1 });
  expect(report.reranked).toBe(true);
  const list = createList(5);
  const session = Int32Array.from(["t3-4", "t3-5", "t3-6"], (id) => model.indexOf(id));
  model.rank({ items: session, count: 3 }, { limit: 5, repeats: false }, list);
  expect(model.idOf(list.items[0] as number)).toBe("t3-7");
  const whole = Int32Array.from(["t3-4", "t3-5", "t3-6", "t3-7"], (id) => model.indexOf(id));
  model.rank({ items: whole, count: 4 }, { limit: 5 }, list);
  expect([...list.items.slice(0, 3)].map((item) => model.idOf(item))).toContain("t3-4");
});

it("too little to learn from: no reranker, and the blend ranks", () => {
  const log = walks(40);
  expect(fitReranker(log, holdOut(log, 1), 1)).toBeUndefined();
  const { model, report } = trainModel(walks(40), { seed: 1, trainedAt: 1 });
  expect(report.reranked).toBe(false);
  const list = createList(3);
  model.rank({ items: Int32Array.of(0), count: 1 }, { limit: 3 }, list);
  expect(list.count).toBe(3);
});
