/** Tenants as control would make them, by the thousand, with what their pages and servers hold. */
import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type SnapshotTenant, type TenantSecrets, TIERS } from "@endcap/protocol";

export interface BenchShop {
  readonly tenant: SnapshotTenant;
  readonly secrets: TenantSecrets;
  readonly origin: string;
  readonly publishable: string;
  readonly secretKey: string;
  /** The derived key of server requests. */
  readonly requestKey: Buffer;
  readonly sessionKey: Buffer;
}

export interface BenchSession {
  readonly origin: string;
  readonly token: string;
  readonly signingKey: Buffer;
}

/** Above any rate a bench reaches: what is measured is the cost of a limit, not its refusals. */
const unreachable = { requestsPerSecond: 10_000_000, burst: 100_000_000, inFlightMax: 100_000 };
const generation = "g1";

const base32 = "abcdefghijklmnopqrstuvwxyz234567";

/** `n` in base32, `length` letters: ids of the right form, a hundred thousand of them in no time. */
function letters(n: number, length: number): string {
  let text = "";
  for (let rest = n; text.length < length; rest = Math.floor(rest / 32)) text = base32[rest % 32] + text;
  return text;
}

const hmac = (key: Uint8Array, text: string | Uint8Array): Buffer => createHmac("sha256", key).update(text).digest();

/** The n-th shop of a run. Its key ids are well-formed but for their checksums, which nobody looks at who knows the id. */
export function newBenchShop(n: number): BenchShop {
  const id = `tnt-${letters(n, 16)}`;
  const origin = `https://${id}.shop.example`;
  const publishable = `pk_live_${letters(n, 24)}`;
  const secretKey = `sk_live_${letters(n, 24)}`;
  const bytes = randomBytes(96);
  const [requestKey, sessionKey] = [bytes.subarray(0, 32), bytes.subarray(32, 64)];
  const tenant: SnapshotTenant = {
    id,
    slug: "shop",
    tier: "enterprise",
    state: "active",
    limits: { ...TIERS.enterprise.limits, ...unreachable },
    origins: [origin],
    settings: { enabled: true, noBearer: false, noBootstrap: false, consent: "none", observeCatalogue: false },
    keys: [
      { id: publishable, kind: "publishable", env: "live", scopes: [] },
      { id: secretKey, kind: "secret", env: "live", scopes: ["events:write", "recommendations:read"] },
    ],
    routes: { collector: "collector", ml: "ml", recommender: null },
    placements: [],
  };
  const unused = bytes.subarray(64).toString("base64url");
  const secrets: TenantSecrets = {
    keys: { [secretKey]: { request: requestKey.toString("base64url"), identity: unused, bearerHash: unused } },
    sessions: [{ generation, key: sessionKey.toString("base64url") }],
  };
  return { tenant, secrets, origin, publishable, secretKey, requestKey, sessionKey };
}

/** What signs a shop's sessions. */
export interface SessionSource {
  readonly id: string;
  readonly origin: string;
  readonly publishable: string;
  readonly generation: string;
  readonly sessionKey: Buffer;
}

export const sessionSource = ({ tenant: { id }, origin, publishable, sessionKey }: BenchShop): SessionSource => ({
  id,
  origin,
  publishable,
  generation,
  sessionKey,
});

/** A run takes longer than the quarter of an hour for which the gateway gives one. */
const sessionSeconds = 2 * 60 * 60;

/** Browser sessions of a shop, as the gateway mints them but for how long they last. */
export function sessionMaker(shop: SessionSource): (now: number) => BenchSession {
  // HKDF by hand, so that its first half is done once for the shop.
  const extracted = hmac(Buffer.alloc(32), shop.sessionKey);
  const tokenKey = createSecretKey(hmac(extracted, "token\x01"));
  const expandKey = createSecretKey(extracted);
  const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = text({ alg: "HS256", kid: shop.generation });
  return (now) => {
    const ids = randomBytes(32);
    const jti = ids.toString("base64url", 0, 16);
    const iat = Math.floor(now / 1000);
    const { origin } = shop;
    const shopper = {
      sub: `a_${ids.toString("base64url", 16)}`,
      tenant: shop.id,
      key: shop.publishable,
      env: "live",
    };
    const signed = `${header}.${text({ ...shopper, origin, scope: "browser", jti, iat, exp: iat + sessionSeconds })}`;
    const token = `${signed}.${createHmac("sha256", tokenKey).update(signed).digest("base64url")}`;
    return { origin, token, signingKey: createHmac("sha256", expandKey).update(`request ${jti}\x01`).digest() };
  };
}

/** What an edge that is not ours has to know of the tenants, as a file for it. */
export function writeTenants(directory: string, name: string, shops: readonly BenchShop[]): string {
  const file = join(directory, `${name}.json`);
  const tenants = shops.map(({ tenant: { id, limits }, secretKey, requestKey, sessionKey }) => ({
    id,
    limits,
    generation,
    secretKey,
    requestKey: requestKey.toString("base64url"),
    sessionKey: sessionKey.toString("base64url"),
  }));
  writeFileSync(file, JSON.stringify({ tenants }), { mode: 0o600 });
  return file;
}
