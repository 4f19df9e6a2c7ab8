import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeFileAtomic } from "../src/index.ts";
import { tempDir } from "./support/temp-dir.ts";

it("replaces the whole file, with the asked mode, and leaves nothing beside it", async () => {
  const directory = tempDir();
  const file = join(directory, "state");
  writeFileSync(file, "old and longer", { mode: 0o644 });
  await writeFileAtomic(file, "new");
  expect(readFileSync(file, "utf8")).toBe("new");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["state"]);
});

it("never shows a reader a part, whoever writes at the same time", async () => {
  const directory = tempDir();
  const file = join(directory, "state");
  const texts = Array.from({ length: 20 }, (_, n) => String(n).repeat(200_000));
  await Promise.all(
    texts.map(async (text) => {
      await writeFileAtomic(file, text);
      expect(texts).toContain(readFileSync(file, "utf8"));
    }),
  );
  expect(readdirSync(directory)).toEqual(["state"]);
});

it("leaves the old file when the new one cannot be written", async () => {
  const file = join(tempDir(), "no-such-directory", "state");
  await expect(writeFileAtomic(file, "x")).rejects.toThrow("ENOENT");
});
