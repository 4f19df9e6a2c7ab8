/** Requests a second, CPU and latency of proxies that replay the same requests, round by round. */
import { median, round3, spread } from "../stats.ts";
import type { Corpus } from "./corpus.ts";
import type { EdgeProcess } from "./edge-process.ts";
import { replay } from "./wrk.ts";

export interface Sample {
  readonly perSecond: number;
  readonly cpuUs: number;
  /** What a whole core of its own would do: requests by the second of CPU time. */
  readonly perCoreSecond: number;
  /** The proxy's share of its core: near 1 means that it, and not the load generator, was the limit. */
  readonly busy: number;
  readonly msP50: number;
  readonly msP99: number;
  readonly errors: number;
}

/** @param behind processes whose CPU time counts as well, such as the collector behind an edge */
export async function sample(
  proxy: EdgeProcess,
  corpus: Corpus,
  loadCore: number,
  behind: readonly EdgeProcess[] = [],
): Promise<Sample> {
  const cpu = () => [proxy, ...behind].reduce((sum, each) => sum + each.cpuNs(), 0);
  const [all, own] = [cpu(), proxy.cpuNs()];
  const { requests, seconds, errors, msP50, msP99 } = await replay(proxy.port, corpus, loadCore);
  const [allNs, ownNs] = [cpu() - all, proxy.cpuNs() - own];
  const cpuUs = allNs / 1e3 / requests;
  const rates = { perSecond: requests / seconds, perCoreSecond: requests / (ownNs / 1e9) };
  return { ...rates, cpuUs, busy: ownNs / 1e9 / seconds, msP50, msP99, errors };
}

export type Series = readonly Sample[];

const medianOf = (series: Series, pick: (sample: Sample) => number) => median(series.map(pick));

export const summary = (series: Series) => ({
  perSecond: Math.round(medianOf(series, ({ perSecond }) => perSecond)),
  perSecondSpread: round3(spread(series.map(({ perSecond }) => perSecond))),
  perCoreSecond: Math.round(medianOf(series, ({ perCoreSecond }) => perCoreSecond)),
  cpuUs: round3(medianOf(series, ({ cpuUs }) => cpuUs)),
  cpuUsSpread: round3(spread(series.map(({ cpuUs }) => cpuUs))),
  busy: round3(medianOf(series, ({ busy }) => busy)),
  msP50: round3(medianOf(series, ({ msP50 }) => msP50)),
  msP99: round3(medianOf(series, ({ msP99 }) => msP99)),
  errors: series.reduce((sum, { errors }) => sum + errors, 0),
});

/** Ours divided by theirs, of the same round; the median over the rounds. */
export function ratio(ours: Series, theirs: Series, pick: (sample: Sample) => number): number {
  return round3(median(ours.map((sample, at) => pick(sample) / pick(theirs[at] as Sample))));
}
