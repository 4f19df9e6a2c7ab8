import { Adam, MlpTrainer } from "./mlp-trainer.ts";
import { shuffle } from "./random.ts";
import { WIDTH } from "./simd.ts";

/** Rows of a list: what was chosen, and candidates that were not. */
const rowsMax = 50;
/** Fewer lists than this fit noise. */
const listsMin = 300;
const epochs = 3;
const listsPerStep = 16;
const learningRate = 4e-3;
const warmUpSteps = 50;

/** Rows of features in lists: list `l` is rows `offsets[l]` to `offsets[l + 1]`, at most `rowsMax`; the first of them was chosen. */
export interface Lists {
  readonly count: number;
  readonly offsets: Uint32Array;
  readonly features: Float32Array;
}

/** Collects lists up to a number fixed beforehand, in memory made once. */
export class ListWriter {
  readonly inputs: number;
  readonly listsMax: number;
  readonly #offsets: Uint32Array;
  readonly #features: Float32Array;
  #count = 0;
  #row = 0;

  constructor(inputs: number, listsMax: number) {
    this.inputs = inputs;
    this.listsMax = listsMax;
    this.#offsets = new Uint32Array(listsMax + 1);
    this.#features = new Float32Array(listsMax * rowsMax * inputs);
  }

  get full(): boolean {
    return this.#count === this.listsMax;
  }

  /** Adds a list: the chosen candidate, then those of `others` that fit, drawn by chance. `others` is shuffled. */
  add(
    chosen: number,
    others: Uint32Array,
    random: () => number,
    write: (candidate: number, out: Float32Array, at: number) => void,
  ): void {
    write(chosen, this.#features, this.#row++ * this.inputs);
    if (others.length > rowsMax - 1) shuffle(others, others.length, random);
    const drawn = Math.min(others.length, rowsMax - 1);
    for (let n = 0; n < drawn; n++) write(others[n]!, this.#features, this.#row++ * this.inputs);
    this.#offsets[++this.#count] = this.#row;
  }

  finish(): Lists {
    return {
      count: this.#count,
      offsets: this.#offsets,
      features: this.#features.subarray(0, this.#row * this.inputs),
    };
  }
}

/**
 * Fits the network of mlp.ts so that of each list the chosen row comes first (listwise softmax, Cao et al., 2007).
 * Undefined when there is too little to learn from.
 */
export function fitLists(lists: Lists, inputs: number, random: () => number): Float32Array | undefined {
  if (lists.count < listsMin) return undefined;
  const { mean, deviation } = standardize(lists, inputs);
  const trainer = new MlpTrainer(inputs, rowsMax);
  const at = trainer.layout;
  initialize(trainer, random);
  const adam = new Adam(at.length, 0);
  const order = Uint32Array.from({ length: lists.count }, (_, list) => list);
  const steps = Math.ceil(lists.count / listsPerStep) * epochs;
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, order.length, random);
    for (let from = 0; from < order.length; from += listsPerStep) {
      const to = Math.min(order.length, from + listsPerStep);
      trainer.refresh();
      for (let q = from; q < to; q++) {
        const list = order[q]!;
        const [start, end] = [lists.offsets[list]!, lists.offsets[list + 1]!];
        for (let row = start; row < end; row++) {
          const x = (row - start) * at.stride;
          for (let f = 0; f < inputs; f++) {
            trainer.x[x + f] = (lists.features[row * inputs + f]! - mean[f]!) / deviation[f]!;
          }
        }
        trainer.accumulate(end - start);
      }
      const warm = Math.min(1, (step + 1) / warmUpSteps);
      const rate = learningRate * warm * (0.5 + 0.5 * Math.cos((Math.PI * step) / steps));
      adam.step(trainer.parameters, trainer.gradients, to - from, rate);
      step++;
    }
  }
  return folded(trainer, mean, deviation);
}

function standardize({ features }: Lists, inputs: number): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(inputs);
  const squares = new Float64Array(inputs);
  const rows = features.length / inputs;
  for (let i = 0; i < features.length; i++) {
    mean[i % inputs]! += features[i]! / rows;
    squares[i % inputs]! += features[i]! ** 2 / rows;
  }
  // A feature that never varies here tells nothing, and must not explode when it varies later.
  const deviation = squares.map((square, f) => Math.max(0.05, Math.sqrt(Math.max(0, square - mean[f]! ** 2))));
  return { mean, deviation };
}

/** He's uniform initialization (2015); the output starts small, the skip at zero. */
function initialize({ parameters, layout: at }: MlpTrainer, random: () => number): void {
  const fill = (from: number, count: number, bound: number) => {
    for (let i = 0; i < count; i++) parameters[from + i] = (random() * 2 - 1) * bound;
  };
  fill(at.w1, at.inputs * WIDTH, Math.sqrt(3 / at.inputs));
  fill(at.w2, WIDTH * WIDTH, Math.sqrt(6 / WIDTH));
  fill(at.w3, WIDTH, 0.1);
}

/** The same network over features as they are: standardizing is linear, so the first layer and the skip take it in. */
function folded({ parameters, layout: at }: MlpTrainer, mean: Float64Array, deviation: Float64Array): Float32Array {
  const out = parameters.slice();
  for (let f = 0; f < at.inputs; f++) {
    for (let j = 0; j < WIDTH; j++) {
      const weight = parameters[at.w1 + f * WIDTH + j]! / deviation[f]!;
      out[at.w1 + f * WIDTH + j] = weight;
      out[at.b1 + j]! -= mean[f]! * weight;
    }
    // What the skip's shift adds is the same for every row of a list, so it changes no order.
    out[at.skip + f] = parameters[at.skip + f]! / deviation[f]!;
  }
  return out;
}
