import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { EndcapError, TIERS, type Tier } from "@endcap/protocol";
import { Gauge, type Registry } from "prom-client";

/** What the process was like since the last look. */
export interface LoadSample {
  /** Of the event loop. */
  readonly delayMs: number;
  /** 0 to 1. */
  readonly utilization: number;
  /**
   * The shortest time in which a request was answered, lists or events, whichever is longer; undefined: too few were. When
   * nobody at all is answered sooner, it is a queue, and not one tenant's slow upstream.
   */
  readonly waitMs: number | undefined;
}

export interface LoadShedder {
  /** So many steps are refused: 0 none, 1 Standard's lists, … 6 also Enterprise's events; of the last one its fraction. */
  readonly level: number;
  /** @returns why not, `overloaded` while requests of this tier and kind are shed */
  admit(tier: Tier, isEvents: boolean): EndcapError | undefined;
  /** A request that was let in has its answer, after so long. */
  answered(isEvents: boolean, ms: number): void;
  /** Up, down or neither. */
  judge(sample: LoadSample): void;
  start(): void;
  stop(): void;
}

const sampleMs = 250;
const resolutionMs = 10;
/** Below it the delay is the machine's doing, not this process's: shedding would not help. */
const utilizationMin = 0.9;
/** Fewer answers than this in a sample say nothing about what waits. */
const answersMin = 8;
/** Late samples before the first part of a step: one large body, or a start, is no overload. */
const lateMax = 2;
/** Up by so much for a late sample, and for each time that it is as late again; at most one step. */
const up = 0.25;
/** Down by so much for a calm sample: a fifth of a step in a second. */
const down = 0.05;
const tiers = Object.keys(TIERS).length;
const steps = 2 * tiers;
const overloaded = new EndcapError("overloaded", { internal: "shed by tier" });

/**
 * Refuses what can best be done without while requests wait: lists and bulk writes before events, and within each Standard
 * before Premium before Enterprise. What waits is seen in two places: this process's event loop, and the time until
 * anybody is answered, which is late when what stands behind the gateway is. A step is taken by parts, so that as much is
 * refused as is too much: all of one kind would leave the machine idle for a while, and then late again. Calm is half of
 * late, so that it does not swing.
 */
export function createLoadShedder(lateMs: number, registry: Registry): LoadShedder {
  let level = 0;
  let late = 0;
  let timer: NodeJS.Timeout | undefined;
  let histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;
  let before = performance.eventLoopUtilization();
  const waits = { lists: new LeastWait(), events: new LeastWait() };
  /** By step: the part of a request that was let in and should not have been. */
  const owed = new Array<number>(steps).fill(0);
  new Gauge({
    name: "endcap_shed_level",
    help: "0: nothing is shed; up to 3: lists and bulk writes up to that tier; up to 6: events as well; fractions are parts of a step",
    registers: [registry],
    collect() {
      this.set(level);
    },
  });

  function judge({ delayMs, utilization, waitMs = 0 }: LoadSample): void {
    const waited = Math.max(utilization >= utilizationMin ? delayMs : 0, waitMs);
    if (waited > lateMs) {
      late += 1;
      if (late >= lateMax) level = Math.min(steps, level + Math.min(1, (up * waited) / lateMs));
      return;
    }
    late = 0;
    if (waited < lateMs / 2) level = Math.max(0, level - down);
  }

  return {
    get level() {
      return level;
    },
    admit(tier, isEvents) {
      if (level === 0) return undefined;
      const step = TIERS[tier].priority + (isEvents ? tiers : 0);
      const share = Math.min(1, level - step);
      if (share <= 0) return undefined;
      const due = (owed[step] ?? 0) + share;
      const sheds = due >= 1;
      owed[step] = sheds ? due - 1 : due;
      return sheds ? overloaded : undefined;
    },
    answered(isEvents, ms) {
      (isEvents ? waits.events : waits.lists).note(ms);
    },
    judge,
    start() {
      if (lateMs === 0) return;
      const measured = monitorEventLoopDelay({ resolution: resolutionMs });
      histogram = measured;
      measured.enable();
      timer = setInterval(() => {
        const now = performance.eventLoopUtilization();
        const { utilization } = performance.eventLoopUtilization(now, before);
        before = now;
        const delayMs = measured.count === 0 ? sampleMs : measured.mean / 1e6 - resolutionMs;
        measured.reset();
        judge({ delayMs, utilization, waitMs: Math.max(waits.lists.take(), waits.events.take()) });
      }, sampleMs).unref();
    },
    stop() {
      clearInterval(timer);
      histogram?.disable();
    },
  };
}

/** The shortest wait of one kind of request since the last look. */
class LeastWait {
  #ms = Number.POSITIVE_INFINITY;
  #count = 0;

  note(ms: number): void {
    this.#count += 1;
    if (ms < this.#ms) this.#ms = ms;
  }

  /** 0 when there were too few to tell. */
  take(): number {
    const ms = this.#count < answersMin ? 0 : this.#ms;
    this.#ms = Number.POSITIVE_INFINITY;
    this.#count = 0;
    return ms;
  }
}
