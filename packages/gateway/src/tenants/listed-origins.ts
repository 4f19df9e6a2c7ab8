import type { SnapshotDelta, SnapshotState } from "@endcap/service-kit";

/** The origins of all tenants together, for preflights. */
export interface ListedOrigins {
  apply(state: SnapshotState, delta: SnapshotDelta): void;
  has(origin: string): boolean;
}

/** Counted by entry, so that a tenant that leaves takes only its own along. Built when the first preflight comes. */
export function createListedOrigins(): ListedOrigins {
  const byTenant = new Map<string, readonly string[]>();
  const counts = new Map<string, number>();
  let state: SnapshotState | undefined;
  let built = false;

  function put(id: string, origins: readonly string[]): void {
    for (const origin of byTenant.get(id) ?? []) {
      const left = (counts.get(origin) ?? 1) - 1;
      if (left === 0) counts.delete(origin);
      else counts.set(origin, left);
    }
    byTenant.set(id, origins);
    for (const origin of origins) counts.set(origin, (counts.get(origin) ?? 0) + 1);
  }

  function build(): void {
    byTenant.clear();
    counts.clear();
    for (const { id, origins } of state?.tenants ?? []) put(id, origins);
    built = true;
  }

  return {
    apply(next, delta) {
      state = next;
      if (delta === "all") built = false;
      else if (built) for (const id of delta) put(id, next.tenants.get(id)?.origins ?? []);
    },
    has(origin) {
      if (!built) build();
      // The entry that would cover it by one label.
      return counts.has(origin) || counts.has(origin.replace(/^(https?:\/\/)[^./]+\./, "$1*."));
    },
  };
}
