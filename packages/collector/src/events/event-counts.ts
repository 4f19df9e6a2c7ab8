import { type Environment, EVENT_TYPES, type Event } from "@endcap/protocol";
import { LRUCache } from "lru-cache";
import { Counter, type Registry } from "prom-client";

const tenantsMax = 10_000;
const standardTypes: ReadonlySet<string> = new Set(EVENT_TYPES);

/** Names that shops make up share one label, so that labels stay few. */
const typeLabel = (type: string): string => (standardTypes.has(type) ? type : "custom");

type CountsByType = Record<string, number>;

/** What was accepted since the process started: by type for Prometheus, by tenant and type for `/internal/v1/status`. */
export class EventCounts {
  readonly #accepted: Counter<"env" | "type" | "via">;
  readonly #parts: Counter<"outcome">;
  readonly #rejected: Counter<"code">;
  readonly #duplicates: Counter;
  readonly #byTenant = new LRUCache<string, CountsByType>({ max: tenantsMax });

  constructor(registry: Registry) {
    const registers = [registry];
    this.#accepted = new Counter({
      name: "endcap_events_accepted_total",
      help: "events that became durable for the first time",
      labelNames: ["env", "type", "via"],
      registers,
    });
    this.#parts = new Counter({
      name: "endcap_event_parts_total",
      help: "parts of coalesced requests: accepted, or the code they were refused with",
      labelNames: ["outcome"],
      registers,
    });
    this.#rejected = new Counter({
      name: "endcap_events_rejected_total",
      help: "events that were refused, by error code",
      labelNames: ["code"],
      registers,
    });
    this.#duplicates = new Counter({
      name: "endcap_events_duplicate_total",
      help: "events that were durable already",
      registers,
    });
  }

  accept(tenant: string, env: Environment, events: Iterable<Event>, via: "batch" | "import"): void {
    const counts: CountsByType = {};
    for (const { type } of events) {
      const label = typeLabel(type);
      counts[label] = (counts[label] ?? 0) + 1;
    }
    const key = env === "live" ? tenant : `${tenant}/${env}`;
    const sums = this.#byTenant.get(key) ?? {};
    for (const [type, count] of Object.entries(counts)) {
      this.#accepted.inc({ env, type, via }, count);
      sums[type] = (sums[type] ?? 0) + count;
    }
    this.#byTenant.set(key, sums);
  }

  part(outcome: string): void {
    this.#parts.inc({ outcome });
  }

  reject(code: string): void {
    this.#rejected.inc({ code });
  }

  duplicate(count: number): void {
    if (count > 0) this.#duplicates.inc(count);
  }

  /** By tenant, or `<tenant>/test`, then by event type. The least recent tenants are left out past 10,000. */
  byTenant(): Record<string, CountsByType> {
    return Object.fromEntries(this.#byTenant.entries());
  }
}
