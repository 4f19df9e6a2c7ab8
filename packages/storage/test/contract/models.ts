import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelStore, Models } from "@endcap/storage";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OTHER_TENANT, TENANT } from "./fixtures.ts";
import type { ModelsAdapter } from "./suite.ts";

const BAD_KEYS = ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "nul\0", "x".repeat(201), "%2e%2e"];

export function modelsContract(adapter: ModelsAdapter): void {
  describe(`${adapter.name}: the model store`, () => {
    let models: Models;
    let store: ModelStore;
    let remove: () => Promise<void>;
    beforeEach(async () => {
      const place = await adapter.place();
      models = place.open();
      store = models.open(TENANT);
      remove = place.remove;
    });
    afterEach(() => remove());
    const text = async (key: string) => {
      const found = await store.get(key);
      return found && Buffer.from(found.bytes).toString();
    };

    it("stores an object once: from bytes, a stream or a file", async () => {
      const dir = await mkdtemp(join(tmpdir(), "endcap-models-"));
      try {
        await writeFile(join(dir, "source"), "from a file");
        const stream = async function* () {
          yield Buffer.from("from ");
          yield Buffer.from("a stream");
        };
        expect(await store.putIfAbsent("v1.ecm", Buffer.from("from bytes"))).toBe(true);
        expect(await store.putIfAbsent("v2.ecm", stream())).toBe(true);
        expect(await store.putIfAbsent("v3.ecm", { path: join(dir, "source") })).toBe(true);
      } finally {
        await rm(dir, { recursive: true });
      }
      expect(await store.putIfAbsent("v1.ecm", Buffer.from("again"))).toBe(false);
      expect(await Promise.all(["v1.ecm", "v2.ecm", "v3.ecm", "v4.ecm"].map(text))).toEqual([
        "from bytes",
        "from a stream",
        "from a file",
        undefined,
      ]);
    });

    it("tells of an object's bytes as they arrive, first to last; what is thrown there ends the reading", async () => {
      const bytes = randomBytes(18_000_000);
      await store.put("model", bytes);
      const lengths: number[] = [];
      const found = await store.get("model", {
        arriving(held, length) {
          const before = lengths.at(-1) ?? 0;
          expect(Buffer.compare(held.subarray(before, length), bytes.subarray(before, length))).toBe(0);
          lengths.push(length);
        },
      });
      expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
      expect(lengths.length).toBeGreaterThan(1);
      expect(lengths.at(-1)).toBe(found?.bytes.length);
      const refused = store.get("model", {
        arriving() {
          throw new Error("not this one");
        },
      });
      await expect(refused).rejects.toThrow("not this one");
      expect(await store.get("missing", { arriving: () => expect.unreachable() })).toBeUndefined();
    });

    it("reads an object into the memory that its reader gives", async () => {
      const bytes = randomBytes(5_000_000);
      await store.put("model", bytes);
      const memory = new ArrayBuffer(bytes.length + 1_000);
      const found = await store.get("model", { room: (length) => new Uint8Array(memory, 0, length) });
      expect(found?.bytes.buffer).toBe(memory);
      expect(Buffer.compare(new Uint8Array(memory, 0, bytes.length), bytes)).toBe(0);
    });

    it("gives bytes that typed arrays can lie over", async () => {
      for (const size of [0, 1, 8, 4096, 3_000_000]) {
        const bytes = randomBytes(size);
        await store.put("model", bytes);
        const found = await store.get("model");
        expect(found?.bytes.byteOffset).toBe(0);
        expect(found?.bytes.buffer.byteLength).toBe(size);
        expect(
          createHash("sha256")
            .update(found?.bytes ?? "")
            .digest("hex"),
        ).toBe(createHash("sha256").update(bytes).digest("hex"));
      }
    });

    it("grants a name to exactly one of many racing writers, whole", async () => {
      for (let round = 0; round < 20; round++) {
        const won = await Promise.all(
          Array.from({ length: 8 }, (_, i) => store.putIfAbsent(`r${round}`, Buffer.alloc(5000, i))),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        expect((await store.get(`r${round}`))?.bytes.every((byte) => byte === won.indexOf(true))).toBe(true);
      }
    });

    it("leaves nothing behind when a source fails", async () => {
      const failing = async function* () {
        yield Buffer.from("half");
        throw new Error("cut off");
      };
      await expect(store.putIfAbsent("v1", failing())).rejects.toThrow();
      expect(await store.list()).toEqual([]);
      expect(await store.putIfAbsent("v1", Buffer.from("whole"))).toBe(true);
    });

    it("tells by etag whether an object has changed", async () => {
      expect(await store.getIfChanged("fallback.json", undefined)).toBeUndefined();
      await store.put("fallback.json", Buffer.from("one"));
      const first = await store.get("fallback.json");
      expect(await store.getIfChanged("fallback.json", first?.etag)).toBe("unchanged");
      await store.put("fallback.json", Buffer.from("two"));
      const second = await store.getIfChanged("fallback.json", first?.etag);
      expect(second).toMatchObject({ bytes: new Uint8Array(Buffer.from("two")) });
    });

    it("lists by prefix, in order, with sizes, and deletes", async () => {
      for (const key of ["v2.json", "v1.json", "v1.ecm"]) await store.put(key, Buffer.from(key));
      await store.movePointer("champion", undefined, "v1");
      expect((await store.list()).map(({ key }) => key)).toEqual(["v1.ecm", "v1.json", "v2.json"]);
      expect(await store.list("v1.")).toMatchObject([
        { key: "v1.ecm", bytes: 6 },
        { key: "v1.json", bytes: 7 },
      ]);
      expect([await store.delete("v1.ecm"), await store.delete("v1.ecm")]).toEqual([true, false]);
      expect(await store.get("v1.ecm")).toBeUndefined();
    });

    it("moves a pointer only from where the mover saw it", async () => {
      expect(await store.pointer("champion")).toBeUndefined();
      const first = await store.movePointer("champion", undefined, "v1");
      expect(first?.value).toBe("v1");
      expect(await store.movePointer("champion", undefined, "v2")).toBeUndefined();
      const second = await store.movePointer("champion", first?.version, "v2");
      expect(await store.movePointer("champion", first?.version, "v3")).toBeUndefined();
      expect(await store.pointer("champion")).toEqual(second);
      expect(second?.version).not.toBe(first?.version);
    });

    it("lets one of many racing movers win each round, and keeps its promise over hundreds of moves", async () => {
      let at = await store.movePointer("champion", undefined, "start");
      const stale = at?.version;
      for (let round = 0; round < 60; round++) {
        const moves = await Promise.all(
          Array.from({ length: 6 }, (_, i) => store.movePointer("champion", at?.version, `${round}.${i}`)),
        );
        const winners = moves.filter((move) => move !== undefined);
        expect(winners).toHaveLength(1);
        at = await store.pointer("champion");
        expect(at).toEqual(winners[0]);
      }
      expect(await store.movePointer("champion", stale, "late")).toBeUndefined();
      expect(await store.pointer("champion")).toEqual(at);
    });

    it("refuses keys that could leave their place, and tenants that are none", async () => {
      for (const key of BAD_KEYS) {
        const calls = [
          async () => store.put(key, Buffer.from("x")),
          async () => store.putIfAbsent(key, Buffer.from("x")),
          async () => store.get(key),
          async () => store.delete(key),
          async () => store.pointer(key),
          async () => store.movePointer(key, undefined, "x"),
        ];
        for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "invalid_request" });
      }
      for (const tenant of ["", "..", "x/y"]) expect(() => models.open(tenant)).toThrow();
    });

    it("erases a tenant and no other", async () => {
      await store.put("v1", Buffer.from("x"));
      await store.movePointer("champion", undefined, "v1");
      await models.open(OTHER_TENANT).put("v1", Buffer.from("y"));
      await models.eraseTenant(TENANT);
      expect(await store.list()).toEqual([]);
      expect(await store.pointer("champion")).toBeUndefined();
      expect(await models.open(OTHER_TENANT).list()).toHaveLength(1);
    });
  });
}
