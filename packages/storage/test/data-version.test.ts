import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimDataDir, DATA_VERSION, openModels, openTables } from "@endcap/storage";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

describe("the version of a data directory", () => {
  let data: string;
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), "endcap-version-"));
  });
  afterEach(() => rmSync(data, { recursive: true }));
  const newer = expect.objectContaining({ code: "data_dir_newer" });

  it("is written once and accepted again", () => {
    const fresh = join(data, "a", "b");
    claimDataDir(fresh);
    claimDataDir(fresh);
    expect(readFileSync(join(fresh, "VERSION"), "utf8")).toBe(`${DATA_VERSION}\n`);
    openTables(`lmdb:${fresh}/tenants`);
  });

  it("is refused when it is newer, or no number, by everything that opens it", () => {
    for (const version of [`${DATA_VERSION + 1}\n`, "2.0", "next"]) {
      writeFileSync(join(data, "VERSION"), version);
      for (const open of [
        () => claimDataDir(data),
        () => openTables(`lmdb:${data}/tenants`),
        () => openTables(`lmdb:${data}`),
        () => openModels(`file:${data}/tenants`),
      ])
        expect(open).toThrow(newer);
    }
  });

  it("is taken for the first where there is none", () => {
    mkdirSync(join(data, "tenants"));
    openTables(`lmdb:${data}/tenants`);
  });
});

describe("a location", () => {
  it("that no adapter knows is refused with what would do", () => {
    for (const location of ["", "/data", "lmdb", "lmdb:", "s3://bucket", "toString:x", "LMDB:x"])
      expect(() => openTables(location)).toThrow(/lmdb:<directory>/);
    for (const location of ["lmdb:/data", "file:", "https://x"])
      expect(() => openModels(location)).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });
});
