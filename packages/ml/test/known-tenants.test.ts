import { PackedTenants } from "@endcap/service-kit";
import { expect, test } from "vitest";
import { KnownTenants } from "../src/recommend/known-tenants.ts";
import { shop } from "./support/samples.ts";

test("a tenant is parsed once, and anew when it or everything changed", () => {
  const known = new KnownTenants();
  expect([known.tenant("tnt-1"), known.upstream("ml")]).toEqual([undefined, undefined]);

  const tenants = new PackedTenants();
  const state = { version: 1, tenants, upstreams: new Map(), revokedSessions: new Map() };
  tenants.put(shop("tnt-1", { slug: "oak" }), undefined);
  tenants.put(shop("tnt-2", { slug: "elm" }), undefined);
  known.apply(state, "all");
  const [oak, elm] = [known.tenant("tnt-1"), known.tenant("tnt-2")];
  expect([oak?.slug, elm?.slug]).toEqual(["oak", "elm"]);
  expect(known.tenant("tnt-1")).toBe(oak);

  tenants.put(shop("tnt-1", { slug: "ash" }), undefined);
  known.apply({ ...state, version: 2 }, new Set(["tnt-1"]));
  expect(known.tenant("tnt-1")?.slug).toBe("ash");
  expect(known.tenant("tnt-2")).toBe(elm);

  tenants.delete("tnt-1");
  known.apply({ ...state, version: 3 }, new Set(["tnt-1"]));
  expect(known.tenant("tnt-1")).toBeUndefined();

  const other = new PackedTenants();
  other.put(shop("tnt-2", { slug: "yew" }), undefined);
  known.apply({ ...state, version: 4, tenants: other }, "all");
  expect(known.tenant("tnt-2")?.slug).toBe("yew");
});
