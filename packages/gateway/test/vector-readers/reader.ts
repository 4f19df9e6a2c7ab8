import type { Edge } from "../support/edge.ts";

/** Reads one file of a folder of vectors; answers one sentence for each vector that the gateway does not meet. */
export type VectorReader = (file: VectorFile, edge: Edge) => Promise<string[]>;

export interface VectorFile {
  readonly name: string;
  readonly bytes: Buffer<ArrayBuffer>;
}
