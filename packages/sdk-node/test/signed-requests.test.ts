import { createHmac, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ItemInput } from "../src/index.ts";
import { client, credentials } from "./support/client.ts";
import { startServer, type TestServer } from "./support/server.ts";
import { requestKey, verifySignature } from "./support/verify-signature.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer(credentials, () => ({ body: { accepted: 1, duplicates: 0, rejected: [] } }));
});
afterAll(() => server[Symbol.asyncDispose]());

const ITEM: Omit<ItemInput, "id"> = {
  title: "Oak Table",
  url: "/p/1",
  price: "1.00",
  currency: "EUR",
  availability: "in_stock",
  categories: [],
};

test("every call is signed in the profile's component order and verifies by the RFC", async () => {
  const endcap = client(server.endpoint);
  await endcap.recommendations.get({ placement: "home", shopper: { userId: "u" } });
  await endcap.items.get("tisch/ä 1");
  await endcap.items.delete("x");
  await endcap.events.send({ events: [] });
  const [get, item, remove] = server.requests.slice(-4);
  expect(server.faults).toEqual([]);
  const key = requestKey(credentials.key, credentials.secret);
  if (!get || !item || !remove) throw new Error("a request is missing");
  const signed = verifySignature(get, key);
  expect(signed.components).toEqual(["@method", "@authority", "@path", "@query", "content-digest", "content-type"]);
  expect(Object.keys(signed.parameters)).toEqual(["created", "nonce", "keyid", "alg", "tag"]);
  expect(signed.parameters).toMatchObject({ keyid: credentials.key, alg: "hmac-sha256", tag: "endcap-v1" });
  expect(verifySignature(item, key).components).toEqual(["@method", "@authority", "@path", "@query"]);
  expect(item.target).toBe("/v1/items/tisch%2F%C3%A4%201");
  expect(remove.method).toBe("DELETE");
});

test("any item of any script arrives byte for byte under a valid signature", async () => {
  const endcap = client(server.endpoint);
  const id = fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).filter((text) => text.isWellFormed());
  await fc.assert(
    fc.asyncProperty(fc.array(id, { minLength: 1, maxLength: 5 }), id, async (ids, title) => {
      server.requests.length = 0;
      await endcap.items.upsert(ids.map((each) => ({ ...ITEM, id: each, title })));
      const sent = JSON.parse(server.requests[0]?.body.toString() ?? "") as { items: { id: string; title: string }[] };
      expect(sent.items.map((item) => item.id)).toEqual(ids);
      expect(sent.items[0]?.title).toBe(title);
      expect(server.faults).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("an id of dots alone is refused, as every URL parser would resolve it", async () => {
  const endcap = client(server.endpoint);
  for (const id of ["", ".", ".."]) await expect(endcap.items.get(id)).rejects.toThrow(TypeError);
});

test("a body of any size has the digest of its bytes", async () => {
  const endcap = client(server.endpoint);
  for (const length of [1, 4000, 4096, 5000, 300_000]) {
    await endcap.recommendations.get({ shopper: { userId: "u" }, exclude: ["x".repeat(length)] });
  }
  expect(server.faults).toEqual([]);
});

test("bearer use sends the secret and no signature", async () => {
  await client(server.endpoint, { auth: "bearer" }).events.send({ events: [] });
  const { headers } = server.requests.at(-1) ?? {};
  expect(headers?.authorization).toBe(`Bearer ${credentials.key}.${credentials.secret}`);
  expect(headers?.["signature-input"]).toBeUndefined();
});

test("a wrong option is refused before any request, without its value", () => {
  const bad = [
    [{ endpoint: "edge.example" }, /endpoint/],
    [{ endpoint: "https://edge.example/base" }, /origin/],
    [{ key: `pk${credentials.key.slice(2)}` }, /secret key id/],
    [{ secret: "c2VjcmV0" }, /43 characters/],
  ] as const;
  for (const [options, message] of bad) {
    expect(() => client(server.endpoint, options)).toThrow(message);
    try {
      client(server.endpoint, options);
    } catch (error) {
      expect(String(error)).not.toContain("c2VjcmV0");
    }
  }
});

test("a user token is a JWT under the derived identity key", () => {
  const now = Date.parse("2026-11-01T00:00:00Z");
  const endcap = client(server.endpoint, { now: () => now });
  const token = endcap.createUserToken({ userId: "ü-1", anonymousId: "a_x", expiresInSeconds: 60 });
  const [header, claims, signature] = token.split(".") as [string, string, string];
  const key = Buffer.from(
    hkdfSync("sha256", Buffer.from(credentials.secret, "base64url"), credentials.key, "endcap identity v1", 32),
  );
  expect(createHmac("sha256", key).update(`${header}.${claims}`).digest("base64url")).toBe(signature);
  expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({
    alg: "HS256",
    typ: "JWT",
    kid: credentials.key,
  });
  expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toEqual({
    sub: "ü-1",
    anonymousId: "a_x",
    iat: now / 1000,
    exp: now / 1000 + 60,
  });
  expect(() => endcap.createUserToken({ userId: "u", expiresInSeconds: 86_401 })).toThrow(RangeError);
  expect(() => endcap.createUserToken({ userId: "" })).toThrow(TypeError);
});
