import Type, { type Static } from "typebox";

/** An estimate with the 95% confidence interval around it. */
export const Estimate = Type.Object(
  { value: Type.Number(), low: Type.Number(), high: Type.Number() },
  { title: "Estimate" },
);
export type Estimate = Static<typeof Estimate>;

/** The normal distribution's 97.5% point. */
const Z = 1.959964;

/** A share with Wilson's score interval (Wilson 1927), which stays within 0 and 1 and holds for few and for rare events. */
export function rate(hits: number, count: number): Estimate | null {
  if (count === 0) return null;
  const p = hits / count;
  const damped = 1 + Z ** 2 / count;
  const centre = (p + Z ** 2 / (2 * count)) / damped;
  const half = (Z / damped) * Math.sqrt((p * (1 - p)) / count + Z ** 2 / (4 * count ** 2));
  // Rounding may leave the bound of none or of all a hair on the wrong side.
  return { value: p, low: Math.max(0, Math.min(p, centre - half)), high: Math.min(1, Math.max(p, centre + half)) };
}

/**
 * A sum over shoppers divided by another, such as revenue by lists. Shoppers are independent, one shopper's lists are
 * not: the interval is the linearised one of a ratio of cluster totals (Cochran 1977, 6.4). Constant memory.
 */
export class RatioOfSums {
  #clusters = 0;
  #y = 0;
  #x = 0;
  #yy = 0;
  #xy = 0;
  #xx = 0;

  /** One shopper's totals. */
  add(y: number, x: number): void {
    this.#clusters++;
    this.#y += y;
    this.#x += x;
    this.#yy += y * y;
    this.#xy += x * y;
    this.#xx += x * x;
  }

  get sum(): number {
    return this.#y;
  }

  get clusters(): number {
    return this.#clusters;
  }

  /** Variance of the estimate; undefined for fewer than two clusters. */
  get variance(): number | undefined {
    const m = this.#clusters;
    if (m < 2 || this.#x === 0) return undefined;
    const ratio = this.#y / this.#x;
    const squares = this.#yy - 2 * ratio * this.#xy + ratio ** 2 * this.#xx;
    return (Math.max(0, squares) * m) / (m - 1) / this.#x ** 2;
  }

  get mean(): number | undefined {
    return this.#x === 0 ? undefined : this.#y / this.#x;
  }

  estimate(): Estimate | null {
    const { mean, variance } = this;
    return mean === undefined || variance === undefined ? null : around(mean, variance);
  }
}

/** `a` less `b`, of independent samples (Welch). */
export function difference(a: RatioOfSums, b: RatioOfSums): Estimate | null {
  const variances = [a.variance, b.variance];
  if (a.mean === undefined || b.mean === undefined || variances.includes(undefined)) return null;
  return around(a.mean - b.mean, (a.variance ?? 0) + (b.variance ?? 0));
}

function around(value: number, variance: number): Estimate {
  const half = Z * Math.sqrt(variance);
  return { value, low: value - half, high: value + half };
}
