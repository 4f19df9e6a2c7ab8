import { Histogram, type HistogramConfiguration } from "prom-client";

/** What one set of labels has seen. */
export class DurationSeries {
  readonly #bounds: readonly number[];
  /** One for each bound, not added up, and one for what is above all of them. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = [...bounds, 0].map(() => 0);
  }

  observe(seconds: number): void {
    let at = 0;
    while (at < this.#bounds.length && seconds > (this.#bounds[at] ?? 0)) at += 1;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += seconds;
  }

  /** Many at once: `counts` has one for each bound and one for what is above all of them, and takes `seconds` together. */
  add(counts: readonly number[], seconds: number): void {
    for (let at = 0; at < counts.length; at++) this.#counts[at] = (this.#counts[at] ?? 0) + (counts[at] ?? 0);
    this.#sum += seconds;
  }

  values(name: string, sharedLabels: Readonly<Record<string, string>>) {
    let count = 0;
    const buckets = this.#counts.map((of, at) => {
      count += of;
      const le = this.#bounds[at] ?? "+Inf";
      return { metricName: `${name}_bucket`, labels: { le }, sharedLabels, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: {}, sharedLabels, value: this.#sum },
      { metricName: `${name}_count`, labels: {}, sharedLabels, value: count },
    ];
  }
}

/**
 * A histogram for every request's duration: whoever observes keeps the series of its labels, and an observation is a few
 * additions. prom-client's own checks and hashes the labels each time, which costs more than a route's handler.
 */
export class DurationHistogram extends Histogram<string> {
  readonly #config: HistogramConfiguration<string> & { readonly buckets: number[] };
  readonly #series: { readonly labels: Readonly<Record<string, string>>; readonly series: DurationSeries }[] = [];

  constructor(config: HistogramConfiguration<string> & { readonly buckets: number[] }) {
    super(config);
    this.#config = config;
  }

  /** A new series. Ask once for the same labels. */
  series(labels: Readonly<Record<string, string>>): DurationSeries {
    const series = new DurationSeries(this.#config.buckets);
    this.#series.push({ labels, series });
    return series;
  }

  /** What both `get` and a registry that writes text ask for; prom-client's types do not know it. */
  async getForPromString() {
    const { name, help } = this.#config;
    const values = this.#series.flatMap(({ labels, series }) => series.values(name, labels));
    return { name, help, type: "histogram", aggregator: "sum", values };
  }
}
