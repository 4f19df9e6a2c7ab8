import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_PLACEMENTS, decodeSecret, isTenantId, parseKeyId } from "@endcap/protocol";
import pg from "pg";
import { expect, test } from "vitest";
import type { IssuedKey, Key } from "../src/keys/model.ts";
import { launchPostgres } from "../src/postgres/launch.ts";
import type { TenantView } from "../src/tenants/model.ts";
import { startControl } from "./support/control.ts";
import { tempDir } from "./support/temp.ts";

const HOUR_MS = 3_600_000;

/** One control for all of it: what the steps leave behind is part of the test. */
test("tenants, keys and placements through the admin API", async () => {
  const root = tempDir();
  let at = Date.parse("2026-11-22T12:00:00Z");
  const control = await startControl(root, () => at);
  const { call } = control;

  // Who may call.
  const url = new URL("/v1/tenants", control.url);
  const strangers = [{}, { authorization: "Bearer wrong" }, { authorization: `Bearer ${control.adminToken}x` }];
  for (const headers of strangers) {
    const answer = await fetch(url, { headers });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: "admin_token_invalid" });
  }
  for (const file of ["admin.token", "master.key", "snapshot.key"]) {
    expect(statSync(join(root, "control", file)).mode & 0o777).toBe(0o600);
  }

  // Creating.
  const created = await call<TenantView & { keys: IssuedKey[] }>("POST", "/v1/tenants", {
    slug: "oak-shop",
    tier: "standard",
    origins: ["https://oak.example", "https://*.oak.example"],
    issueKeys: ["live"],
  });
  expect(created.status).toBe(201);
  const tenant = created.body;
  expect(isTenantId(tenant.id)).toBe(true);
  expect(tenant).toMatchObject({ slug: "oak-shop", name: "oak-shop", state: "active", settings: { enabled: true } });
  const [publishable, secret] = tenant.keys;
  expect(parseKeyId(publishable?.id ?? "")).toMatchObject({ kind: "publishable", env: "live" });
  expect(publishable?.secret).toBeUndefined();
  expect(parseKeyId(secret?.id ?? "")).toMatchObject({ kind: "secret", env: "live" });
  expect(decodeSecret(secret?.secret ?? "")).toHaveLength(32);
  expect(secret?.scopes).not.toContain("shopper:erase");

  // Refusals say where, and change nothing.
  expect(await call("POST", "/v1/tenants", { slug: "oak-shop", tier: "standard" })).toMatchObject({
    status: 409,
    body: { code: "slug_taken" },
  });
  for (const slug of ["tnt-aaaaaaaaaaaaaaaa", "Oak", "a", "oak*", "oak--shop", "-oak"]) {
    expect((await call("POST", "/v1/tenants", { slug, tier: "standard" })).status).toBe(400);
  }
  expect(await call("POST", "/v1/tenants", { slug: "elm", tier: "gold", colour: 1 })).toMatchObject({
    status: 400,
    body: { code: "invalid_request" },
  });
  expect(await call("GET", "/v1/tenants/nobody")).toMatchObject({ status: 404, body: { code: "tenant_not_found" } });
  expect((await call<{ tenants: TenantView[] }>("GET", "/v1/tenants")).body.tenants).toHaveLength(1);

  // By slug and by id it is the same tenant; settings merge.
  await call("PATCH", "/v1/tenants/oak-shop", { settings: { noBearer: true }, limits: { burst: 7 } });
  expect((await call<TenantView>("GET", `/v1/tenants/${tenant.id}`)).body).toMatchObject({
    settings: { noBearer: true, enabled: true },
    limits: { burst: 7 },
  });

  // At most two active keys of a kind and environment.
  const keysPath = "/v1/tenants/oak-shop/keys";
  const second = await call<IssuedKey>("POST", keysPath, {
    kind: "secret",
    expiresAt: new Date(at + 30 * HOUR_MS).toISOString(),
    scopes: ["items:write"],
  });
  expect(second.status).toBe(201);
  expect(await call("POST", keysPath, { kind: "secret" })).toMatchObject({ status: 409, body: { code: "key_limit" } });
  expect((await call("POST", keysPath, { kind: "secret", env: "test" })).status).toBe(201);
  expect(await call("POST", keysPath, { kind: "publishable", scopes: ["items:write"] })).toMatchObject({ status: 400 });
  const racing = await Promise.all([1, 2, 3].map(() => call("POST", keysPath, { kind: "secret", env: "test" })));
  expect(racing.map(({ status }) => status).sort()).toEqual([201, 409, 409]);

  // Rotation: the successor inherits scopes and expiry, the old key ends with the overlap or its own expiry.
  expect(await call("POST", `${keysPath}/${second.body.id}/rotate`, {})).toMatchObject({ status: 409 });
  expect((await call("POST", `${keysPath}/${secret?.id}/revoke`)).body).toMatchObject({ state: "revoked" });
  const rotated = await call<IssuedKey>("POST", `${keysPath}/${second.body.id}/rotate`, { overlapSeconds: 48 * 3600 });
  expect(rotated.body).toMatchObject({ scopes: ["items:write"], expiresAt: second.body.expiresAt });
  const find = async (id: string | undefined) =>
    (await call<{ keys: Key[] }>("GET", keysPath)).body.keys.find((key) => key.id === id);
  expect(await find(second.body.id)).toMatchObject({ expiresAt: second.body.expiresAt, replacedBy: rotated.body.id });
  const atOnce = await call<IssuedKey>("POST", `${keysPath}/${rotated.body.id}/rotate`, { overlapSeconds: 0 });
  expect(atOnce.status).toBe(201);
  expect(await find(rotated.body.id)).toMatchObject({ state: "revoked" });
  at += 31 * HOUR_MS;
  expect(await find(atOnce.body.id)).toMatchObject({ state: "expired" });
  expect(await call("POST", `${keysPath}/${atOnce.body.id}/rotate`, {})).toMatchObject({
    status: 404,
    body: { code: "key_not_found" },
  });

  // Placements.
  const placementsPath = "/v1/tenants/oak-shop/placements";
  expect((await call<{ placements: unknown[] }>("GET", placementsPath)).body.placements).toHaveLength(
    DEFAULT_PLACEMENTS.length,
  );
  const placement = { strategy: "trending", repeats: "exclude", filter: { brand: "Oak" }, limit: 4 };
  expect((await call("PUT", `${placementsPath}/landing`, placement)).body).toEqual({ id: "landing", ...placement });
  expect(await call("PUT", `${placementsPath}/landing`, { strategy: "magic", repeats: "exclude" })).toMatchObject({
    status: 400,
  });
  expect(await call("PUT", `${placementsPath}/landing`, { ...placement, filter: { colour: "red" } })).toMatchObject({
    status: 400,
    body: { code: "filter_unknown_field" },
  });
  expect((await call("DELETE", `${placementsPath}/landing`)).status).toBe(204);
  expect(await call("DELETE", `${placementsPath}/landing`)).toMatchObject({ body: { code: "placement_not_found" } });

  // Secrets lie in the database sealed, and nowhere else.
  const { status } = await call("GET", "/v1/status");
  expect(status).toBe(200);
  await control.close();
  const postgres = await launchPostgres({
    directory: join(root, "control/postgres"),
    logFile: join(root, "logs/postgres.log"),
    cacheDirectory: join(root, "cache"),
  });
  const client = new pg.Client(postgres.connection);
  await client.connect();
  const { rows } = await client.query<{ secret: Buffer }>("SELECT secret FROM keys WHERE id = $1", [secret?.id]);
  await client.end();
  await postgres.stop();
  expect(rows[0]?.secret).toHaveLength(12 + 32 + 16);
  expect(rows[0]?.secret.includes(Buffer.from(secret?.secret ?? "", "base64url"))).toBe(false);
  expect(readFileSync(join(root, "logs/postgres.log"), "utf8")).not.toContain(secret?.secret);
});
