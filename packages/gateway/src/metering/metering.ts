import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { uuidV7 } from "@endcap/protocol";
import type { Logger } from "pino";
import { Counter, Gauge, type Registry } from "prom-client";
import type { SendUsage } from "./control-usage.ts";
import { deliver } from "./delivery.ts";
import { HeldRows } from "./held-rows.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { createMeter, type Meter } from "./meter.ts";
import { readTotals, writeTotals } from "./totals-file.ts";
import { openUsageLog } from "./usage-log.ts";
import type { UsageRow } from "./usage-row.ts";

export interface MeteringOptions {
  readonly directory: string;
  /** Absent: nobody collects usage; totals are kept here alone. */
  readonly send: SendUsage | undefined;
  /** How long counts stay in memory alone: what a killed process loses. */
  readonly flushMs: number;
  readonly bytesMax: number;
  /** Is told what each flush takes, before that is written. */
  readonly onRows: (rows: readonly UsageRow[]) => void;
  readonly log: Logger;
  readonly registry: Registry;
  readonly now: () => number;
}

export interface Metering {
  readonly meter: Meter;
  readonly ledger: Ledger;
  /** Gateways of our group as control last counted them; undefined before it ever did. */
  readonly gateways: number | undefined;
  start(): void;
  /** Writes what is counted, and hands it over if control is there to take it. */
  close(): Promise<void>;
}

/** At the latest after it control hears from us, so that it knows how many gateways live. */
const syncMs = 5_000;
const backoffMsMax = 15_000;
const keepTotalsMs = 10_000;
const lastDeliveryMsMax = 2_000;
/**
 * A flush takes the tenants that wait for it longest, so many of them, or where there are very many a part of all: what
 * a second of usage costs does not grow with tenants that are asked a little each, and none waits for more flushes.
 */
const tenantsPerFlush = 1_000;
const flushesMax = 10;
/** Between so many requests are served: counts of ten thousand tenants at once would stop the process for 45 ms. */
const tenantsAtOnce = 1_000;

/** Counting, the log on disk and its delivery: three loops that never meet a request. */
export async function createMetering(options: MeteringOptions): Promise<Metering> {
  const { directory, send, flushMs, bytesMax, onRows, log, registry, now } = options;
  const source = uuidV7(now(), (bytes) => crypto.getRandomValues(bytes));
  const totalsFile = join(directory, "totals.json");
  const usageLog = await openUsageLog({ directory, source, bytesMax });
  const kept = await readTotals(totalsFile);
  const ledger = createLedger(now(), kept);
  for await (const record of usageLog.left()) ledger.restore(record);
  const meter = createMeter(registry, now, ledger);
  const metrics = usageMetrics(registry, () => usageLog.bytes);
  const held = new HeldRows((requests) => metrics.lost.inc(requests));
  const stop = new AbortController();
  const loops: Promise<void>[] = [];
  let gateways = kept?.gateways;
  let refused = false;
  let unreachable = false;
  let keptAt = now();
  let damagedTold = 0;
  let wake = Promise.withResolvers<void>();

  async function flush(isLast = false): Promise<void> {
    // What was counted in the month that ended is of that month.
    const whole = ledger.roll(now()) || isLast;
    let left = whole ? meter.tenants : Math.max(tenantsPerFlush, Math.ceil(meter.tenants / flushesMax));
    do {
      const count = whole || refused ? left : Math.min(left, tenantsAtOnce);
      left -= count;
      const rows = meter.drain(count);
      onRows(rows);
      await (send === undefined ? nextTurn() : write(rows));
    } while (left > 0);
    if (send === undefined) ledger.settle();
  }

  async function write(rows: readonly UsageRow[]): Promise<void> {
    if (refused) held.add(rows);
    const unwritten = refused ? held.all() : rows;
    if (unwritten.length === 0) return;
    try {
      await usageLog.append(unwritten);
      held.clear();
      wake.resolve();
      if (refused) log.info("usage is written again");
      refused = false;
    } catch (error) {
      if (!refused) held.add(rows);
      metrics.refused.inc();
      if (!refused) log.error({ err: error }, "usage cannot be written and is held in memory; requests go on");
      refused = true;
    }
  }

  async function handOver(leaving = false): Promise<void> {
    if (send === undefined) return;
    await deliver(
      {
        log: usageLog,
        ledger,
        send,
        source,
        onAnswer(answer) {
          gateways = answer.gateways;
        },
      },
      leaving,
    );
    metrics.damaged.inc(usageLog.damagedLines - damagedTold);
    damagedTold = usageLog.damagedLines;
  }

  async function keepTotals(): Promise<void> {
    if (now() - keptAt < keepTotalsMs && !stop.signal.aborted) return;
    keptAt = now();
    await writeTotals(totalsFile, ledger.known(), gateways).catch((error: unknown) => {
      log.warn({ err: error }, "the month's totals could not be kept on disk");
    });
  }

  async function pause(ms: number, until?: Promise<void>): Promise<void> {
    const slept = sleep(ms, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    await (until === undefined ? slept : Promise.race([slept, until]));
  }

  async function flushing(): Promise<void> {
    while (!stop.signal.aborted) {
      await pause(flushMs);
      await flush();
      await keepTotals();
    }
  }

  async function delivering(): Promise<void> {
    let backoffMs = flushMs;
    while (!stop.signal.aborted) {
      wake = Promise.withResolvers();
      try {
        await handOver();
        if (unreachable) log.info("usage is delivered again");
        unreachable = false;
        backoffMs = flushMs;
        await pause(syncMs, wake.promise);
      } catch (error) {
        metrics.undelivered.inc();
        if (!unreachable) log.warn({ err: error }, "usage cannot be delivered and waits on disk");
        unreachable = true;
        backoffMs = Math.min(backoffMs * 2, backoffMsMax);
        await pause(backoffMs * (0.5 + Math.random() / 2));
      }
    }
  }

  return {
    meter,
    ledger,
    get gateways() {
      return gateways;
    },
    start() {
      loops.push(flushing());
      if (send !== undefined) loops.push(delivering());
    },
    async close() {
      stop.abort();
      await Promise.all(loops);
      await flush(true);
      const gone = sleep(lastDeliveryMsMax, undefined, { ref: false });
      await Promise.race([handOver(true), gone]).catch(() => {
        // What control did not take lies on disk for the next run.
      });
      await keepTotals();
      await usageLog.close();
    },
  };
}

function usageMetrics(registry: Registry, bytes: () => number) {
  const counter = (name: string, help: string) => new Counter({ name, help, registers: [registry] });
  new Gauge({
    name: "endcap_usage_log_bytes",
    help: "usage on disk that control has not acknowledged",
    registers: [registry],
    collect() {
      this.set(bytes());
    },
  });
  return {
    refused: counter("endcap_usage_writes_refused_total", "attempts to write usage that the disk refused"),
    undelivered: counter("endcap_usage_deliveries_failed_total", "attempts to deliver usage that control did not take"),
    lost: counter("endcap_usage_lost_requests_total", "requests that no usage record will tell of: no disk, no room"),
    damaged: counter("endcap_usage_damaged_lines_total", "lines of the usage log with a wrong checksum"),
  };
}
