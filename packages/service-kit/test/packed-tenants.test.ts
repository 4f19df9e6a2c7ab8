import { createSecretKey, randomBytes } from "node:crypto";
import type { SnapshotKey } from "@endcap/protocol";
import { expect, it } from "vitest";
import { bytesAt } from "../src/snapshot/line-slabs.ts";
import { PackedTenants } from "../src/snapshot/tenants.ts";
import { secretsOf, tenantOf } from "./support/control.ts";

const key = (id: string): SnapshotKey => ({ id, kind: "secret", env: "live", scopes: [] });
const acorn = { ...tenantOf("a"), slug: "läden-🛒", keys: [key("sk_live_a1"), key("sk_live_a2")] };

const bytes = (tenants: PackedTenants) => Buffer.concat(tenants.lines().map(bytesAt));

it("gives a tenant and its secrets back as they were put, and finds it by its keys", () => {
  const tenants = new PackedTenants();
  tenants.put(acorn, secretsOf("hush"));
  tenants.put(tenantOf("b"), undefined);
  expect([...tenants]).toEqual([acorn, tenantOf("b")]);
  expect(tenants.secretsOf(acorn.id)).toEqual(secretsOf("hush"));
  expect(tenants.secretsOf(tenantOf("b").id)).toBeUndefined();
  expect(tenants.ownerOf("sk_live_a2")).toBe(acorn.id);
  expect(bytes(tenants).includes(secretsOf("hush").sessions[0]?.key ?? "")).toBe(false);
});

it("forgets the keys that a tenant no longer has, and everything of one that goes", () => {
  const tenants = new PackedTenants();
  tenants.put(acorn, secretsOf("old"));
  tenants.put({ ...acorn, keys: [key("sk_live_a2"), key("sk_live_a3")] }, secretsOf("new"));
  expect(["sk_live_a1", "sk_live_a2", "sk_live_a3"].map((id) => tenants.ownerOf(id))).toEqual([
    undefined,
    acorn.id,
    acorn.id,
  ]);
  expect([tenants.size, tenants.secretsOf(acorn.id)]).toEqual([1, secretsOf("new")]);
  tenants.delete(acorn.id);
  expect([tenants.size, tenants.has(acorn.id), tenants.get(acorn.id), tenants.secretsOf(acorn.id)]).toEqual([
    0,
    false,
    undefined,
    undefined,
  ]);
  expect(tenants.ownerOf("sk_live_a3")).toBeUndefined();
});

it("takes in the line that another wrote under the same key, and no line that does not fit", () => {
  const sealKey = createSecretKey(randomBytes(32));
  const before = new PackedTenants(sealKey);
  before.put(acorn, secretsOf("hush"));
  const line = bytes(before);
  const after = new PackedTenants(sealKey);
  after.putLine(line);
  expect([after.get(acorn.id), after.secretsOf(acorn.id)]).toEqual([acorn, secretsOf("hush")]);
  expect(bytes(after)).toEqual(line);

  expect(() => new PackedTenants().putLine(line)).toThrow();
  const { slug: _slug, ...nameless } = acorn;
  expect(() => after.putLine(Buffer.from(`${JSON.stringify({ tenant: nameless })}\n`))).toThrow();
  expect([after.size, after.get(acorn.id)]).toEqual([1, acorn]);
});
