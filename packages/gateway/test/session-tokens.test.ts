import { createSecretKey } from "node:crypto";
import { LIMITS, sessionSigningKey, sessionTokenKey } from "@endcap/protocol";
import { PackedTenants } from "@endcap/service-kit";
import { jwtVerify, SignJWT } from "jose";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { MacKey, macOf } from "../src/auth/mac.ts";
import { createSessionTokens } from "../src/auth/session-tokens.ts";
import { createLedger } from "../src/metering/ledger.ts";
import { createMeter } from "../src/metering/meter.ts";
import { createTenantDirectory } from "../src/tenants/directory.ts";
import { newShop } from "./support/tenants.ts";

const [acorn, birch] = [newShop(), newShop()];
const shops = [acorn, birch];
const directory = createTenantDirectory(createMeter(new Registry(), Date.now, createLedger(Date.now())).of);
const tenants = new PackedTenants();
for (const { tenant, secrets } of shops) tenants.put(tenant, secrets);
directory.apply({ version: 1, tenants, upstreams: new Map(), revokedSessions: new Map() }, "all");
const now = Date.now();
const session = { sub: "a_0123456789abcdefghijkl", key: acorn.pk, env: "live", origin: acorn.origin } as const;

const sessionKey = Buffer.from(acorn.secrets.sessions[0]?.key ?? "", "base64url");
const tokenKey = createSecretKey(sessionTokenKey(sessionKey));
const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function minted() {
  const tenant = directory.tenant(acorn.tenant.id);
  if (tenant === undefined) throw new Error("no tenant");
  return createSessionTokens(directory, 100).mint(tenant, session, now);
}

/** Of a gateway that saw none before. */
const verify = (token: string, at = now) => createSessionTokens(directory, 100).verify(token, at);
const refused = expect.objectContaining({ code: "session_invalid" });

test("a minted token is a JWT as jose reads it, with the signing key that the contract derives", async () => {
  const { token, signingKey, expiresAt } = minted();
  const { payload, protectedHeader } = await jwtVerify(token, tokenKey, { algorithms: ["HS256"] });
  expect(protectedHeader).toEqual({ alg: "HS256", kid: "g1" });
  expect(payload).toMatchObject({ ...session, tenant: acorn.tenant.id, scope: "browser", exp: expiresAt / 1000 });
  expect(Buffer.from(signingKey)).toEqual(Buffer.from(sessionSigningKey(sessionKey, String(payload.jti))));
  expect(verify(token).claims).toEqual(payload);
  expect(macOf(verify(token).signingKey, "text")).toEqual(macOf(new MacKey(signingKey), "text"));
});

test("a token that jose made with the tenant's key is taken", async () => {
  const iat = Math.floor(now / 1000);
  const claims = { ...session, tenant: acorn.tenant.id, scope: "browser", jti: "j", iat, exp: iat + 900 };
  const token = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "g1" }).sign(tokenKey);
  expect(verify(token).claims).toEqual(claims);
});

const [head = "", body = "", signature = ""] = minted().token.split(".");
const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Record<string, unknown>;
const last = signature.at(-1) ?? "";
const sameBits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const spelled = sameBits[(sameBits.indexOf(last) & ~3) | ((sameBits.indexOf(last) + 1) & 3)] ?? "";

test.each([
  ["no algorithm", `${text({ alg: "none", kid: "g1" })}.${body}.`],
  ["another algorithm", `${text({ alg: "HS512", kid: "g1" })}.${body}.${signature}`],
  ["another generation", `${text({ alg: "HS256", kid: "g2" })}.${body}.${signature}`],
  ["another tenant's name in it", `${head}.${text({ ...claims, tenant: birch.tenant.id })}.${signature}`],
  ["a tenant that is none", `${head}.${text({ ...claims, tenant: "__proto__" })}.${signature}`],
  ["another shopper", `${head}.${text({ ...claims, sub: "a_x" })}.${signature}`],
  ["the same signature spelled otherwise", `${head}.${body}.${signature.slice(0, -1)}${spelled}`],
  ["padding", `${head}.${body}.${signature}=`],
  ["a fourth part", `${head}.${body}.${signature}.`],
  ["two parts", `${head}.${body}`],
  ["no JSON", `x.y.${signature}`],
  ["nothing", ""],
])("refuses a token with %s", (_name, token) => {
  expect(() => verify(token)).toThrow(refused);
});

test("refuses a well-signed token whose claims are not a session's", async () => {
  const token = await new SignJWT({ tenant: acorn.tenant.id })
    .setProtectedHeader({ alg: "HS256", kid: "g1" })
    .sign(tokenKey);
  expect(() => verify(token)).toThrow(refused);
});

test("refuses a token that is older than any batch may be", () => {
  const { token, expiresAt } = minted();
  const end = expiresAt + LIMITS.batchAgeMs + LIMITS.sessionMs;
  expect(verify(token, end - 1_000).claims.sub).toBe(session.sub);
  expect(() => verify(token, end)).toThrow(refused);
});
