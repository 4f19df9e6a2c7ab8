import { Candidates, KEPT_MAX } from "./candidates.ts";
import { FEATURE_COUNT, Features } from "./features.ts";
import { type InteractionLog, sessionCount, sliceSessions } from "./interaction-log.ts";
import { Adam, MlpTrainer } from "./mlp-trainer.ts";
import { seededRandom, shuffle } from "./random.ts";
import { WIDTH } from "./simd.ts";
import { buildTables } from "./tables.ts";
import { diffuse } from "./vectors.ts";

/** Share of the sessions, the newest, that the reranker learns from; tables for that are counted on the others. */
const heldOutShare = 0.08;
const listsMax = 40_000;
/** Fewer lists than this fit noise: the blend ranks then. */
const listsMin = 300;
/** Steps of one session that are learned from. */
const stepsMax = 50;
/** Rows of a list: what was clicked, and candidates that were not, drawn from all that were kept. */
const rowsMax = 50;
const epochs = 3;
const listsPerStep = 16;
const learningRate = 4e-3;
const warmUpSteps = 50;

interface Lists {
  readonly count: number;
  /** List `l` is rows `offsets[l]` to `offsets[l + 1]`; the first of them was clicked. */
  readonly offsets: Uint32Array;
  readonly features: Float32Array;
}

/**
 * Fits the reranker on the shop's own newest sessions: for each step the next item should rank first among the
 * candidates (listwise softmax, Cao et al., 2007). Undefined when there is too little to learn from.
 */
export function fitReranker(log: InteractionLog, seed: number): Float32Array | undefined {
  const random = seededRandom(seed);
  const lists = collectLists(log, seed, random);
  if (lists.count < listsMin) return undefined;
  const { mean, deviation } = standardize(lists);
  const trainer = new MlpTrainer(FEATURE_COUNT, rowsMax);
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
          for (let f = 0; f < FEATURE_COUNT; f++) {
            trainer.x[x + f] = (lists.features[row * FEATURE_COUNT + f]! - mean[f]!) / deviation[f]!;
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

function collectLists(log: InteractionLog, seed: number, random: () => number): Lists {
  const sessions = sessionCount(log);
  const cut = Math.floor(sessions * (1 - heldOutShare));
  const { tables, graph } = buildTables(sliceSessions(log, 0, cut));
  const candidates = new Candidates(tables);
  const features = new Features(tables, diffuse(graph, tables.itemCount, seed));
  const first = log.sessionOffsets[cut]!;
  const every = Math.max(1, (log.items.length - first) / listsMax);
  const offsets = new Uint32Array(listsMax + 1);
  const rows = new Float32Array(listsMax * rowsMax * FEATURE_COUNT);
  const drawn = new Uint32Array(KEPT_MAX);
  let count = 0;
  let row = 0;
  let next = 0;
  for (let s = cut; s < sessions; s++) {
    const start = log.sessionOffsets[s]!;
    const end = log.sessionOffsets[s + 1]!;
    // Of a robot's hundred thousand steps the first say as much as all, and must not outweigh every shopper's.
    const items = log.items.subarray(start, Math.min(end, start + stepsMax));
    for (let position = 1; position < items.length && count < listsMax; position++) {
      // Evenly over the held-out sessions when there are more steps than lists.
      if (start + position - first < next) continue;
      next += every;
      const session = { items, count: position };
      candidates.gather(session);
      candidates.select(() => true);
      const clicked = rankOf(candidates, items[position]!);
      if (clicked < 0) continue;
      features.begin(candidates, session);
      features.write(candidates, session, clicked, rows, row++ * FEATURE_COUNT);
      let others = 0;
      for (let r = 0; r < candidates.keptCount; r++) if (r !== clicked) drawn[others++] = r;
      if (others > rowsMax - 1) shuffle(drawn, others, random);
      for (let n = 0; n < Math.min(others, rowsMax - 1); n++) {
        features.write(candidates, session, drawn[n]!, rows, row++ * FEATURE_COUNT);
      }
      offsets[++count] = row;
    }
  }
  return { count, offsets, features: rows.subarray(0, row * FEATURE_COUNT) };
}
function rankOf(candidates: Candidates, item: number): number {
  for (let r = 0; r < candidates.keptCount; r++) if (candidates.items[candidates.kept[r]!] === item) return r;
  return -1;
}

function standardize({ features }: Lists): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(FEATURE_COUNT);
  const squares = new Float64Array(FEATURE_COUNT);
  const rows = features.length / FEATURE_COUNT;
  for (let i = 0; i < features.length; i++) {
    mean[i % FEATURE_COUNT]! += features[i]! / rows;
    squares[i % FEATURE_COUNT]! += features[i]! ** 2 / rows;
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
  fill(at.w1, FEATURE_COUNT * WIDTH, Math.sqrt(3 / FEATURE_COUNT));
  fill(at.w2, WIDTH * WIDTH, Math.sqrt(6 / WIDTH));
  fill(at.w3, WIDTH, 0.1);
}

/** The same network over features as they are: standardizing is linear, so the first layer and the skip take it in. */
function folded({ parameters, layout: at }: MlpTrainer, mean: Float64Array, deviation: Float64Array): Float32Array {
  const out = parameters.slice();
  for (let f = 0; f < FEATURE_COUNT; f++) {
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
