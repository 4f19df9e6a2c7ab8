import { rmSync } from "node:fs";
import { encodePrincipal, PRINCIPAL_HEADER, type Principal } from "@endcap/protocol";
import fc from "fast-check";
import { decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import {
  type App,
  assertTenant,
  checkPrincipal,
  createInternalIssuer,
  type InternalAuthOptions,
  type InternalIssuerOptions,
  internalAuth,
  principalOf,
} from "../src/index.ts";
import { type GroupFiles, writeGroupKeys } from "./support/keys.ts";
import { testService } from "./support/service.ts";
import { tempDir } from "./support/temp-dir.ts";

const acorn = "tnt-aaaaaaaaaaaaaaaa";
const birch = "tnt-bbbbbbbbbbbbbbbb";

function principal(tenant = acorn): Principal {
  return { tenant, env: "live", tier: "standard", scope: ["events:write"], auth: "sk", key: "sk_live_x" };
}

function collector(files: GroupFiles, options: Partial<InternalAuthOptions> = {}) {
  const { service } = testService();
  service.app.register(internalAuth, { audience: "collector", jwksFile: files.jwksFile, ...options });
  service.app.post("/one", async (request) => ({
    tenant: principalOf(request).tenant,
    group: request.internal?.group,
  }));
  service.app.post("/many", { config: { principal: "none" } }, async (request) => {
    assertTenant(request, checkPrincipal(request.body).tenant);
    return {};
  });
  return service.app;
}

async function mint(files: GroupFiles, options: Partial<InternalIssuerOptions> = {}): Promise<string> {
  const all = { keyFile: files.keyFile, group: "shared", audience: ["collector"] as const, tenants: "*", ...options };
  return (await createInternalIssuer(all)).token();
}

async function call(app: App, token: string | undefined, caller: Principal | string | undefined = principal()) {
  const headers: Record<string, string> = {};
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (caller !== undefined) headers[PRINCIPAL_HEADER] = typeof caller === "string" ? caller : encodePrincipal(caller);
  const answer = await app.inject({ method: "POST", url: "/one", headers });
  return { status: answer.statusCode, ...answer.json() };
}

describe("the internal token", () => {
  it("lets a gateway through, and says who it is", async () => {
    const files = writeGroupKeys(tempDir());
    expect(await call(collector(files), await mint(files))).toEqual({ status: 200, tenant: acorn, group: "shared" });
  });

  it("is required", async () => {
    const app = collector(writeGroupKeys(tempDir()));
    for (const token of [undefined, "", "x", "a.b.c"]) {
      expect(await call(app, token)).toMatchObject({ status: 401, code: "internal_token_invalid" });
    }
  });

  it.each<[string, Partial<InternalIssuerOptions>]>([
    ["another audience", { audience: ["ml", "recommender"] }],
    ["an unknown group", { group: "other" }],
    ["the past", { now: () => Date.now() - 180_000 }],
    ["the future", { now: () => Date.now() + 180_000 }],
  ])("of %s is refused", async (_name, options) => {
    const files = writeGroupKeys(tempDir());
    expect(await call(collector(files), await mint(files, options))).toMatchObject({ status: 401 });
  });

  it("signed by a stranger in the group's name is refused", async () => {
    const stranger = writeGroupKeys(tempDir());
    expect(await call(collector(writeGroupKeys(tempDir())), await mint(stranger))).toMatchObject({ status: 401 });
  });

  it("with any letter changed is refused, even after the good one was seen", async () => {
    const files = writeGroupKeys(tempDir());
    const app = collector(files);
    const token = await mint(files);
    expect(await call(app, token)).toMatchObject({ status: 200 });
    const signatureEnd = token.length - 1; // the last letter's low bits encode nothing, other spellings are equal
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: signatureEnd - 1 }), fc.constantFrom(..."Aa0-_.z"), async (at, letter) => {
        fc.pre(token[at] !== letter);
        const altered = token.slice(0, at) + letter + token.slice(at + 1);
        expect((await call(app, altered)).status).toBe(401);
      }),
      { numRuns: 60 },
    );
  });

  it("ends: a kept verdict does not outlive the token", async () => {
    const files = writeGroupKeys(tempDir());
    let time = Date.now();
    const app = collector(files, { now: () => time });
    const token = await mint(files, { now: () => time });
    expect(await call(app, token)).toMatchObject({ status: 200 });
    time += 119_000;
    expect(await call(app, token)).toMatchObject({ status: 200 });
    time += 7_000;
    expect(await call(app, token)).toMatchObject({ status: 401 });
  });

  it("is judged by the keys of now: a changed file drops the kept verdicts", async () => {
    const directory = tempDir();
    const files = writeGroupKeys(directory);
    const app = collector(files);
    const token = await mint(files);
    expect(await call(app, token)).toMatchObject({ status: 200 });
    const next = writeGroupKeys(directory);
    await expect.poll(async () => (await call(app, token)).status, { timeout: 5_000 }).toBe(401);
    expect(await call(app, await mint(next))).toMatchObject({ status: 200 });
  });

  it("works as soon as the key file appears", async () => {
    const directory = tempDir();
    const files = writeGroupKeys(directory);
    const token = await mint(files);
    rmSync(files.jwksFile);
    const app = collector(files);
    expect(await call(app, token)).toMatchObject({ status: 401 });
    const again = writeGroupKeys(directory);
    await expect.poll(async () => (await call(app, await mint(again))).status, { timeout: 5_000 }).toBe(200);
  });
});

describe("the tenant", () => {
  it("must be one that the token names", async () => {
    const files = writeGroupKeys(tempDir());
    const app = collector(files);
    const token = await mint(files, { tenants: acorn });
    expect(await call(app, token, principal(acorn))).toMatchObject({ status: 200 });
    expect(await call(app, token, principal(birch))).toMatchObject({ status: 403, code: "tenant_forbidden" });
  });

  it("must be the one that the process is assigned to", async () => {
    const files = writeGroupKeys(tempDir());
    const app = collector(files, { tenant: acorn });
    const token = await mint(files);
    expect(await call(app, token, principal(acorn))).toMatchObject({ status: 200 });
    expect(await call(app, token, principal(birch))).toMatchObject({ status: 403 });
  });

  it("of a part is held against the token too", async () => {
    const files = writeGroupKeys(tempDir());
    const app = collector(files);
    const headers = { authorization: `Bearer ${await mint(files, { tenants: acorn })}` };
    const send = (payload: object) => app.inject({ method: "POST", url: "/many", headers, payload });
    expect((await send(principal(acorn))).statusCode).toBe(200);
    expect((await send(principal(birch))).statusCode).toBe(403);
  });

  it("cannot be claimed by a dedicated group's key for anybody else", async () => {
    const files = writeGroupKeys(tempDir(), "shared", acorn);
    const app = collector(files);
    expect(await call(app, await mint(files, { tenants: acorn }))).toMatchObject({ status: 200 });
    expect(await call(app, await mint(files, { tenants: "*" }))).toMatchObject({ status: 401 });
    expect(await call(app, await mint(files, { tenants: birch }), principal(birch))).toMatchObject({ status: 401 });
  });
});

describe("the principal", () => {
  it.each([
    ["missing", undefined],
    ["no base64url", "{}"],
    ["no JSON", Buffer.from("{").toString("base64url")],
    ["of another form", Buffer.from('{"tenant":"acorn"}').toString("base64url")],
    ["with a field too many", Buffer.from(JSON.stringify({ ...principal(), admin: true })).toString("base64url")],
  ])("that is %s is refused", async (_name, caller) => {
    const files = writeGroupKeys(tempDir());
    const app = collector(files);
    const headers: Record<string, string> = { authorization: `Bearer ${await mint(files)}` };
    if (caller !== undefined) headers[PRINCIPAL_HEADER] = caller;
    const answer = await app.inject({ method: "POST", url: "/one", headers });
    expect([answer.statusCode, answer.json().code]).toEqual([400, "header_invalid"]);
  });
});

describe("the issuer", () => {
  it("mints for 120 s, keeps a token for 60 s, and mints again when the clock was set back", async () => {
    let time = 1_800_000_000_000;
    const files = writeGroupKeys(tempDir());
    const options = { keyFile: files.keyFile, group: "g", audience: ["ml", "recommender"] as const, tenants: acorn };
    const issuer = await createInternalIssuer({ ...options, now: () => time });
    const first = await issuer.token();
    expect(decodeJwt(first)).toEqual({
      iss: "endcap-gateway:g",
      aud: ["ml", "recommender"],
      tenants: acorn,
      iat: 1_800_000_000,
      exp: 1_800_000_120,
    });
    time += 59_999;
    expect(await issuer.token()).toBe(first);
    time += 1;
    expect(await issuer.token()).not.toBe(first);
    time -= 3_600_000;
    expect(decodeJwt(await issuer.token()).exp).toBe(Math.floor(time / 1000) + 120);
  });
});
