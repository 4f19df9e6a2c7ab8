import { type SnapshotTenant, TIERS } from "@endcap/protocol";
import { PackedTenants } from "@endcap/service-kit";
import { expect, test } from "vitest";
import { KnownTenants } from "../src/recommend/known-tenants.ts";

function tenantOf(n: number, slug: string): SnapshotTenant {
  return {
    id: `tnt-${n}`,
    slug,
    tier: "standard",
    state: "active",
    limits: TIERS.standard.limits,
    origins: [],
    settings: { enabled: true, noBearer: false, noBootstrap: false, consent: "none", observeCatalogue: false },
    keys: [],
    routes: { collector: "collector", ml: "ml", recommender: null },
    placements: [],
  };
}

test("a tenant is parsed once, and anew when it or everything changed", () => {
  const known = new KnownTenants();
  expect([known.tenant("tnt-1"), known.upstream("ml")]).toEqual([undefined, undefined]);

  const tenants = new PackedTenants();
  const state = { version: 1, tenants, upstreams: new Map(), revokedSessions: new Map() };
  tenants.put(tenantOf(1, "oak"), undefined);
  tenants.put(tenantOf(2, "elm"), undefined);
  known.apply(state, "all");
  const [oak, elm] = [known.tenant("tnt-1"), known.tenant("tnt-2")];
  expect([oak?.slug, elm?.slug]).toEqual(["oak", "elm"]);
  expect(known.tenant("tnt-1")).toBe(oak);

  tenants.put(tenantOf(1, "ash"), undefined);
  known.apply({ ...state, version: 2 }, new Set(["tnt-1"]));
  expect(known.tenant("tnt-1")?.slug).toBe("ash");
  expect(known.tenant("tnt-2")).toBe(elm);

  tenants.delete("tnt-1");
  known.apply({ ...state, version: 3 }, new Set(["tnt-1"]));
  expect(known.tenant("tnt-1")).toBeUndefined();

  const other = new PackedTenants();
  other.put(tenantOf(2, "yew"), undefined);
  known.apply({ ...state, version: 4, tenants: other }, "all");
  expect(known.tenant("tnt-2")?.slug).toBe("yew");
});
