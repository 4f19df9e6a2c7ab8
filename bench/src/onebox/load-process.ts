/**
 * The open loop: requests leave when they are due, whatever became of those before. A process of its own, told its plan
 * over IPC; says `warm` when what counts begins, and its results at the end.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { type Lines, openLines } from "../load/lines.ts";
import { quantile, round3 } from "../stats.ts";
import type { LoadPlan, LoadReport, LoadResult } from "./plan.ts";
import { createShoppers } from "./shoppers.ts";

/**
 * More than may be under way in `answerMsMax`: each shopper has a connection of its own, and a request that waited here
 * for one would hide from the gateway how late it is.
 */
const connections = 16_384;
const tickMs = 2;
/** Who is not answered after it has gone elsewhere. */
const answerMsMax = 5_000;

class Stream {
  readonly #lines: Lines;
  readonly #perMs: number;
  readonly #expected: number;
  readonly #make: () => string;
  readonly #latencies: number[] = [];
  #due = 0;
  #counted = 0;
  #errors = 0;
  /** By status; 0: the connection broke, "late": answered after `answerMsMax`, "none": not answered at all. */
  readonly #errorsBy: Record<string, number> = {};
  #fallbacks = 0;
  #pending = 0;

  constructor(lines: Lines, perSecond: number, expected: number, make: () => string) {
    this.#lines = lines;
    this.#perMs = perSecond / 1000;
    this.#expected = expected;
    this.#make = make;
  }

  get pending(): number {
    return this.#pending;
  }

  /** Sends what is due since `start`; what was due before `countedFrom` is not counted. */
  tick(start: number, now: number, countedFrom: number): void {
    for (const until = (now - start) * this.#perMs; this.#due < until; this.#due++) {
      const dueAt = start + this.#due / this.#perMs;
      const counts = dueAt >= countedFrom;
      if (counts) this.#counted += 1;
      this.#pending += 1;
      this.#lines.send(this.#make(), (status, answer) => {
        this.#pending -= 1;
        if (!counts) return;
        const ms = performance.now() - dueAt;
        if (status !== this.#expected) this.#fail(String(status));
        else if (ms > answerMsMax) this.#fail("late");
        else this.#latencies.push(ms);
        if (answer.includes('"fallback":')) this.#fallbacks += 1;
      });
    }
  }

  #fail(how: string, count = 1): void {
    this.#errors += count;
    this.#errorsBy[how] = (this.#errorsBy[how] ?? 0) + count;
  }

  result(): LoadResult {
    if (this.#pending > 0) this.#fail("none", this.#pending);
    return {
      due: this.#counted,
      answered: this.#latencies.length,
      errors: this.#errors,
      errorsBy: this.#errorsBy,
      fallbacks: this.#fallbacks,
      msP50: round3(quantile(this.#latencies, 0.5)),
      msP99: round3(quantile(this.#latencies, 0.99)),
    };
  }
}

const tell = (report: LoadReport) => void process.send?.(report);

const [plan] = (await once(process, "message")) as [LoadPlan];
const shoppers = createShoppers(plan);
const lines = openLines(plan.port, connections);
const streams = {
  events: new Stream(lines, plan.eventRequests, 202, shoppers.eventRequest),
  recommendations: new Stream(lines, plan.recommendations, 200, shoppers.recommendationRequest),
};
const start = performance.now();
const countedFrom = start + plan.warmUpSeconds * 1000;
const end = countedFrom + plan.seconds * 1000;
let warm = false;
for (let now = start; now < end; now = performance.now()) {
  if (!warm && now >= countedFrom) {
    warm = true;
    tell({ state: "warm" });
  }
  for (const stream of Object.values(streams)) stream.tick(start, Math.min(now, end), countedFrom);
  await sleep(tickMs);
}
const patience = performance.now() + answerMsMax;
while (streams.events.pending + streams.recommendations.pending > 0 && performance.now() < patience) await sleep(20);
tell({ state: "done", events: streams.events.result(), recommendations: streams.recommendations.result() });
lines.close();
process.disconnect();
process.exit(0);
