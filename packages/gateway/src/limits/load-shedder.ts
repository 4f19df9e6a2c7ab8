import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { EndcapError, TIERS, type Tier } from "@endcap/protocol";
import { Gauge, type Registry } from "prom-client";

/** What the event loop was like since the last look. */
export interface LoopSample {
  readonly delayMs: number;
  /** 0 to 1. */
  readonly utilization: number;
}

export interface LoadShedder {
  /** Requests of so many steps are refused: 0 none, 1 Standard's lists, … 6 also Enterprise's events. */
  readonly level: number;
  /** @returns why not, `overloaded` while requests of this tier and kind are shed */
  admit(tier: Tier, isEvents: boolean): EndcapError | undefined;
  /** One step up, down or none. */
  judge(sample: LoopSample): void;
  start(): void;
  stop(): void;
}

const sampleMs = 250;
const resolutionMs = 10;
/** Below it the delay is the machine's doing, not this process's: shedding would not help. */
const utilizationMin = 0.9;
/** Late samples before one step more: one large body, or a start, is no overload. */
const lateMax = 2;
/** Calm samples before one step is taken back. */
const calmMax = 4;
const tiers = Object.keys(TIERS).length;
const overloaded = new EndcapError("overloaded", { internal: "shed by tier" });

/**
 * Refuses what can best be done without while the event loop is late: lists and bulk writes before events, and within
 * each Standard before Premium before Enterprise. Up by one step after half a second of lateness, down by one after a second of
 * calm, where calm is half of late, so that it does not swing.
 */
export function createLoadShedder(delayMsMax: number, registry: Registry): LoadShedder {
  let level = 0;
  let late = 0;
  let calm = 0;
  let timer: NodeJS.Timeout | undefined;
  let histogram: ReturnType<typeof monitorEventLoopDelay> | undefined;
  let before = performance.eventLoopUtilization();
  new Gauge({
    name: "endcap_shed_level",
    help: "0: nothing is shed; 1 to 3: lists and bulk writes up to that tier; 4 to 6: events as well",
    registers: [registry],
    collect() {
      this.set(level);
    },
  });

  function judge({ delayMs, utilization }: LoopSample): void {
    if (delayMs > delayMsMax && utilization >= utilizationMin) {
      calm = 0;
      late += 1;
      if (late < lateMax) return;
      late = 0;
      level = Math.min(2 * tiers, level + 1);
    } else if (delayMs < delayMsMax / 2) {
      late = 0;
      calm += 1;
      if (calm < calmMax) return;
      calm = 0;
      level = Math.max(0, level - 1);
    } else {
      late = 0;
      calm = 0;
    }
  }

  return {
    get level() {
      return level;
    },
    admit(tier, isEvents) {
      if (level === 0) return undefined;
      const step = TIERS[tier].priority + 1 + (isEvents ? tiers : 0);
      return step <= level ? overloaded : undefined;
    },
    judge,
    start() {
      if (delayMsMax === 0) return;
      const measured = monitorEventLoopDelay({ resolution: resolutionMs });
      histogram = measured;
      measured.enable();
      timer = setInterval(() => {
        const now = performance.eventLoopUtilization();
        const { utilization } = performance.eventLoopUtilization(now, before);
        before = now;
        const delayMs = measured.count === 0 ? sampleMs : measured.mean / 1e6 - resolutionMs;
        measured.reset();
        judge({ delayMs, utilization });
      }, sampleMs).unref();
    },
    stop() {
      clearInterval(timer);
      histogram?.disable();
    },
  };
}
