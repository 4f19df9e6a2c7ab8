import { setTimeout as sleep } from "node:timers/promises";
import { encodePrincipal, PRINCIPAL_HEADER, type Principal, type ServedRecord } from "@endcap/protocol";
import type { InternalIssuer } from "@endcap/service-kit";
import { LRUCache } from "lru-cache";
import { Counter, type Registry } from "prom-client";
import { Agent } from "undici";

export interface ServedReporterOptions {
  readonly issuer: InternalIssuer;
  readonly registry: Registry;
}

interface Report {
  readonly principal: Principal;
  readonly record: ServedRecord;
}

interface Queue {
  readonly reports: Report[];
  sending: Promise<void> | undefined;
}

/** Reports that wait for one collector, and collectors that are waited for. */
const reportsMax = 1_000;
const collectorsMax = 256;
const atOnceMax = 8;
const requestMsMax = 2_000;
const backoffMsMin = 200;
const backoffMsMax = 5_000;

/**
 * Tells collectors which fallback lists were answered. Shoppers never wait for it: what cannot be delivered waits in a
 * bounded queue, and past that is dropped and counted.
 */
export class ServedReporter {
  readonly #issuer: InternalIssuer;
  readonly #agent = new Agent({ connections: atOnceMax, connect: { timeout: 1_000 }, keepAliveTimeout: 30_000 });
  readonly #queues: LRUCache<string, Queue>;
  readonly #reports: Counter<"outcome">;
  readonly #closing = new AbortController();

  constructor({ issuer, registry }: ServedReporterOptions) {
    this.#issuer = issuer;
    this.#reports = new Counter({
      name: "endcap_fallback_reports_total",
      help: "fallback lists that were answered and told to a collector, or dropped",
      labelNames: ["outcome"],
      registers: [registry],
    });
    this.#queues = new LRUCache({ max: collectorsMax, dispose: (queue) => this.#drop(queue.reports.splice(0)) });
  }

  /** Reports that wait. */
  get pending(): number {
    return [...this.#queues.values()].reduce((sum, { reports }) => sum + reports.length, 0);
  }

  /** @param collectorUrl origin of the tenant's collector */
  report(collectorUrl: string, principal: Principal, record: ServedRecord): void {
    let queue = this.#queues.get(collectorUrl);
    if (queue === undefined) {
      queue = { reports: [], sending: undefined };
      this.#queues.set(collectorUrl, queue);
    }
    if (queue.reports.length >= reportsMax || this.#closing.signal.aborted) {
      this.#drop([{ principal, record }]);
      return;
    }
    queue.reports.push({ principal, record });
    queue.sending ??= this.#send(collectorUrl, queue).finally(() => {
      queue.sending = undefined;
    });
  }

  /** Gives what waits one last try, then lets go. */
  async close(): Promise<void> {
    const queues = [...this.#queues.values()];
    this.#closing.abort();
    await Promise.all(queues.map(({ sending }) => sending));
    for (const { reports } of queues) this.#drop(reports.splice(0));
    await this.#agent.destroy();
  }

  async #send(url: string, queue: Queue): Promise<void> {
    let backoffMs = backoffMsMin;
    while (queue.reports.length > 0) {
      // They stay in the queue until they are settled, so that its bound counts them.
      const group = queue.reports.slice(0, atOnceMax);
      const delivered = await Promise.all(group.map((report) => this.#post(url, report)));
      // The queue was given up meanwhile, and what it held is counted.
      if (queue.reports[0] !== group[0]) return;
      const again = group.filter((_, index) => !delivered[index]);
      queue.reports.splice(0, group.length, ...again);
      if (again.length === 0) {
        backoffMs = backoffMsMin;
        continue;
      }
      if (this.#closing.signal.aborted) return;
      await this.#pause(backoffMs);
      backoffMs = Math.min(backoffMs * 2, backoffMsMax);
    }
  }

  /** Whether the report is settled: taken, or refused for good. */
  async #post(url: string, { principal, record }: Report): Promise<boolean> {
    try {
      const { statusCode, body } = await this.#agent.request({
        origin: url,
        path: "/internal/v1/served",
        method: "POST",
        headers: {
          authorization: `Bearer ${await this.#issuer.token()}`,
          [PRINCIPAL_HEADER]: encodePrincipal(principal),
          "content-type": "application/json",
        },
        body: JSON.stringify(record),
        signal: AbortSignal.timeout(requestMsMax),
      });
      await body.dump();
      if (statusCode >= 500) return false;
      this.#reports.inc({ outcome: statusCode < 300 ? "delivered" : "refused" });
      return true;
    } catch {
      return false;
    }
  }

  async #pause(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.#closing.signal, ref: false });
    } catch {
      // Closing: the last try comes at once.
    }
  }

  #drop(reports: readonly Report[]): void {
    if (reports.length > 0) this.#reports.inc({ outcome: "dropped" }, reports.length);
  }
}
