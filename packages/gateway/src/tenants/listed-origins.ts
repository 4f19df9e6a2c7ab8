import { setImmediate as nextTurn } from "node:timers/promises";
import type { SnapshotDelta, SnapshotState } from "@endcap/service-kit";

/** The origins of all tenants together, for preflights. */
export interface ListedOrigins {
  apply(state: SnapshotState, delta: SnapshotDelta): void;
  has(origin: string): Promise<boolean>;
}

/** Between so many requests are served: a hundred thousand tenants are read from their lines, one after the other. */
const tenantsAtOnce = 200;

/** Counted by entry, so that a tenant that leaves takes only its own along. Built when the first preflight comes. */
export function createListedOrigins(): ListedOrigins {
  const byTenant = new Map<string, readonly string[]>();
  const counts = new Map<string, number>();
  let state: SnapshotState | undefined;
  /** Grows with each whole snapshot; what is counted is of this one. */
  let round = 0;
  let built = -1;
  let building: Promise<void> | undefined;

  function put(id: string, origins: readonly string[]): void {
    for (const origin of byTenant.get(id) ?? []) {
      const left = (counts.get(origin) ?? 1) - 1;
      if (left === 0) counts.delete(origin);
      else counts.set(origin, left);
    }
    byTenant.set(id, origins);
    for (const origin of origins) counts.set(origin, (counts.get(origin) ?? 0) + 1);
  }

  async function build(): Promise<void> {
    while (built !== round) {
      const began = round;
      byTenant.clear();
      counts.clear();
      // What changes meanwhile is put in by `apply`, and comes by once more: the tenants are those of now.
      for (const { id, origins } of state?.tenants ?? []) {
        put(id, origins);
        if (byTenant.size % tenantsAtOnce === 0) await nextTurn();
        if (began !== round) break;
      }
      if (began === round) built = began;
    }
  }

  return {
    apply(next, delta) {
      state = next;
      if (delta === "all") round += 1;
      else if (built === round || building !== undefined) {
        for (const id of delta) put(id, next.tenants.get(id)?.origins ?? []);
      }
    },
    async has(origin) {
      if (built !== round) {
        building ??= build().finally(() => {
          building = undefined;
        });
        await building;
      }
      // The entry that would cover it by one label.
      return counts.has(origin) || counts.has(origin.replace(/^(https?:\/\/)[^./]+\./, "$1*."));
    },
  };
}
