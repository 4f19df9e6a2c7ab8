import type { Graph } from "./graph.ts";
import { kernelSpace } from "./kernel-space.ts";
import { BLOCK, type DiffusionKernels, diffusionKernels } from "./vector-kernels.ts";
import { wasmMemory } from "./wasm.ts";

/** Numbers of one item's vector. */
export const DIMENSIONS = 128;

/** A direction for each item: items that sessions lead between, over one step or several, point the same way. */
export interface Vectors {
  /** DIMENSIONS signed bytes for each item. */
  readonly bytes: Int8Array;
  /** 1 / length of each item's bytes, so that a dot product becomes a cosine. */
  readonly scales: Float32Array;
}

const steps = 4;
/** What an item keeps of itself in each step. */
const kept = 0.2;
/** Standard deviations of a vector's numbers that still fit into a byte. */
const clip = 4;

/**
 * Random vectors, diffused four steps over the graph of what is seen together: the dot product of two is then (up to noise of
 * 1/sqrt(DIMENSIONS)) how likely walks from both meet. FastRP (Chen et al., "Fast and Accurate Network Embeddings via Very Sparse
 * Random Projection", CIKM 2019) without its learned part. No training, and yet worth as much to the reranker as a softmax
 * embedding trained for minutes: both know items that never shared a session.
 */
export function diffuse(graph: Graph, itemCount: number, seed: number): Vectors {
  const space = layOut(graph, itemCount);
  // Where kernels read them later: whoever compares them needs no copy.
  const bytes = new Int8Array(kernelSpace(itemCount * DIMENSIONS).memory.buffer, 0, itemCount * DIMENSIONS);
  const scales = new Float32Array(itemCount);
  const spread = new Float32Array(itemCount);
  for (let block = 0; block < DIMENSIONS / BLOCK; block++) {
    let [from, to] = [space.x, space.y];
    scatter(from, itemCount, seed, block);
    for (let step = 0; step < steps; step++) {
      space.kernels.diffuse(
        space.offsets.byteOffset,
        space.neighbours.byteOffset,
        space.weights.byteOffset,
        from.byteOffset,
        to.byteOffset,
        itemCount,
      );
      [from, to] = [to, from];
    }
    if (block === 0) for (let i = 0; i < itemCount; i++) spread[i] = clip * Math.sqrt(squares(from, i) / BLOCK);
    for (let i = 0; i < itemCount; i++) {
      const scale = 127 / Math.max(spread[i]!, 1e-20);
      for (let d = 0; d < BLOCK; d++) {
        const byte = Math.max(-127, Math.min(127, Math.round(from[i * BLOCK + d]! * scale)));
        bytes[i * DIMENSIONS + block * BLOCK + d] = byte;
        scales[i]! += byte * byte;
      }
    }
  }
  for (let i = 0; i < itemCount; i++) scales[i] = 1 / Math.sqrt(Math.max(1, scales[i]!));
  return { bytes, scales };
}

interface Space {
  readonly kernels: DiffusionKernels;
  readonly offsets: Uint32Array;
  readonly neighbours: Uint32Array;
  readonly weights: Float32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Copies the graph to where the kernel sees it, with room for one block of vectors and the next step's. */
function layOut(graph: Graph, itemCount: number): Space {
  const edges = graph.items.length;
  const block = itemCount * BLOCK * 4;
  const memory = wasmMemory(2 * block + 8 * edges + 4 * (itemCount + 1) + 64);
  const x = new Float32Array(memory.buffer, 0, itemCount * BLOCK);
  const y = new Float32Array(memory.buffer, block, itemCount * BLOCK);
  const neighbours = new Uint32Array(memory.buffer, 2 * block, edges);
  const weights = new Float32Array(memory.buffer, 2 * block + 4 * edges, edges);
  const offsets = new Uint32Array(memory.buffer, 2 * block + 8 * edges, itemCount + 1);
  for (let e = 0; e < edges; e++) {
    neighbours[e] = graph.items[e]! * BLOCK * 4;
    weights[e] = graph.weights[e]! * (1 - kept);
  }
  for (let i = 0; i <= itemCount; i++) offsets[i] = graph.offsets[i]! * 4;
  return { kernels: diffusionKernels(kept)(memory), offsets, neighbours, weights, x, y };
}

/** 1 or -1 everywhere: the bits of a hash of item, block and seed. */
function scatter(x: Float32Array, itemCount: number, seed: number, block: number): void {
  for (let i = 0; i < itemCount; i++) {
    let hash = Math.imul(i ^ Math.imul(seed + block * 0x9e37 + 1, 0x85ebca6b), 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
    hash ^= hash >>> 15;
    for (let d = 0; d < BLOCK; d++) x[i * BLOCK + d] = (hash >>> d) & 1 ? 1 : -1;
  }
}

function squares(x: Float32Array, item: number): number {
  let sum = 0;
  for (let d = 0; d < BLOCK; d++) sum += x[item * BLOCK + d]! ** 2;
  return sum;
}
