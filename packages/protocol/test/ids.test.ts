import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeSecret,
  isAnonymousId,
  isTenantId,
  newAnonymousId,
  newKeyId,
  newSecret,
  newTenantId,
  parseKeyId,
  type RandomBytes,
  uuidV7,
  uuidV7Time,
  uuidV8,
  uuidVersion,
} from "../src/index.ts";

const random: RandomBytes = (bytes) => crypto.getRandomValues(bytes);

describe("ids", () => {
  it("carry their kind and environment, and a checksum that catches any one wrong letter", () => {
    const id = newKeyId("secret", "test", random);
    expect(parseKeyId(id)).toEqual({ id, kind: "secret", env: "test" });
    const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    let caught = 0;
    let changed = 0;
    for (let at = 8; at < id.length; at++) {
      for (const letter of alphabet) {
        if (id[at] === letter) continue;
        changed += 1;
        if (parseKeyId(id.slice(0, at) + letter + id.slice(at + 1)) === null) caught += 1;
      }
    }
    // A checksum of 20 bits lets about one in a million through.
    expect(changed - caught).toBeLessThanOrEqual(1);
  });

  it("refuse other forms without throwing", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        expect(parseKeyId(text)).toBeNull();
      }),
    );
    expect(parseKeyId(newKeyId("publishable", "live", random).toUpperCase())).toBeNull();
    expect(isTenantId("tnt-short")).toBe(false);
    expect(isAnonymousId("u_AAAAAAAAAAAAAAAAAAAAAA")).toBe(false);
  });

  it("are all of one length for tenants, so that none is a prefix of another", () => {
    const ids = Array.from({ length: 200 }, () => newTenantId(random));
    expect(new Set(ids).size).toBe(200);
    for (const id of ids) expect(isTenantId(id) && id.length === 20).toBe(true);
  });

  it("make anonymous ids and secrets of full entropy", () => {
    expect(isAnonymousId(newAnonymousId(random))).toBe(true);
    expect(decodeSecret(newSecret(random))?.length).toBe(32);
    expect(decodeSecret("short")).toBeNull();
  });
});

describe("uuids", () => {
  it("v7 order by time and give it back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 47 }), fc.integer({ min: 1, max: 2 ** 40 }), (now, later) => {
        const first = uuidV7(now, random);
        expect(uuidV7Time(first)).toBe(now);
        expect(uuidVersion(first)).toBe(7);
        expect(first < uuidV7(now + later, random)).toBe(true);
      }),
    );
  });

  it("v8 is a function of tenant, source and id", () => {
    const id = uuidV8("tnt-a", "shop", "1");
    expect(uuidVersion(id)).toBe(8);
    expect(uuidV8("tnt-a", "shop", "1")).toBe(id);
    expect(uuidV8("tnt-b", "shop", "1")).not.toBe(id);
    expect(uuidV8("tnt-a", "shop1", "")).not.toBe(id);
    expect(uuidV7Time(id)).toBeNull();
  });
});
