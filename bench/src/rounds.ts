import { median, round3, spread } from "./stats.ts";

export interface Rival {
  readonly name: string;
  /** Does one round and answers its measure, in whatever unit all rivals share. */
  round(): number | Promise<number>;
}

export interface Measured {
  readonly name: string;
  readonly median: number;
  /** (max - min) / median over the rounds. */
  readonly spread: number;
  /** Median of this rival's measure divided by the baseline's of the same round. 1 for the baseline itself. */
  readonly vsBaseline: number;
}

/**
 * Measures rivals in interleaved rounds: every round runs each once, so that whatever else the machine does meets all
 * of them alike. The first is the baseline. One unmeasured round comes first, for the compiler and the caches.
 */
export async function measureInRounds(rivals: readonly [Rival, ...Rival[]], rounds: number): Promise<Measured[]> {
  const samples = rivals.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, rival] of rivals.entries()) {
      const value = await rival.round();
      if (round >= 0) samples[i]?.push(value);
    }
  }
  const baseline = samples[0] ?? [];
  return rivals.map((rival, i) => {
    const values = samples[i] ?? [];
    return {
      name: rival.name,
      median: round3(median(values)),
      spread: round3(spread(values)),
      vsBaseline: round3(median(values.map((value, round) => value / (baseline[round] ?? Number.NaN)))),
    };
  });
}
