import type { SnapshotTenant, SnapshotUpstream } from "@endcap/protocol";
import type { SnapshotDelta, SnapshotState } from "@endcap/service-kit";
import { LRUCache } from "lru-cache";

/** Some kilobytes each, most of it placements. */
const parsedMax = 2_000;

/** The snapshot as requests need it: the tenants that were asked for last are parsed, and stay so until they change. */
export class KnownTenants {
  readonly #parsed = new LRUCache<string, SnapshotTenant>({ max: parsedMax });
  #state: SnapshotState | undefined;

  apply(state: SnapshotState, delta: SnapshotDelta): void {
    this.#state = state;
    if (delta === "all") this.#parsed.clear();
    else for (const id of delta) this.#parsed.delete(id);
  }

  tenant(id: string): SnapshotTenant | undefined {
    let tenant = this.#parsed.get(id);
    if (tenant === undefined) {
      tenant = this.#state?.tenants.get(id);
      if (tenant !== undefined) this.#parsed.set(id, tenant);
    }
    return tenant;
  }

  upstream(id: string): SnapshotUpstream | undefined {
    return this.#state?.upstreams.get(id);
  }
}
