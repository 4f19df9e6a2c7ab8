import type { ParseArgsOptionDescriptor } from "node:util";

/** A number of the result, or what names it. Keys end in their unit: `ackMsP99`, `eventsPerSecond`, `rssMb`. */
export type Figure = number | string | boolean | null | readonly Figure[] | { readonly [name: string]: Figure };
export type Figures = { readonly [name: string]: Figure };

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

export type Cleanup = () => void | Promise<void>;

export interface BenchContext {
  /** The short form: the same path with less work, so that CI runs every bench on every change. */
  readonly short: boolean;
  /** The bench's own options, as declared in `options`; a missing one is `undefined` or its default. */
  readonly options: OptionValues;
  /** Progress for the person who waits; goes to stderr. */
  log(line: string): void;
  /** Runs on the way out, however the bench ends (Ctrl-C too), last first: stop servers, remove directories. */
  cleanup(work: Cleanup): void;
}

export interface BenchResult {
  /** Whether every claim the bench makes held. The process exits with 1 when it did not. */
  readonly ok: boolean;
  readonly figures: Figures;
}

/**
 * One bench: the default export of `bench/src/<name>.bench.ts`. The file name is the bench's name; nothing else lists it.
 * A figure needs its baseline from the same run beside it, measured in interleaved rounds (see rounds.ts).
 */
export interface Bench {
  /** One line for `--list`. */
  readonly summary: string;
  /** Options besides --json and --short, in the form of node:util's parseArgs. */
  readonly options?: Readonly<Record<string, ParseArgsOptionDescriptor & { multiple?: false }>>;
  run(context: BenchContext): Promise<BenchResult>;
}

export const defineBench = (bench: Bench): Bench => bench;
