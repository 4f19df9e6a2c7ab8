import { randomUUID } from "node:crypto";
import { uuidV7 } from "@endcap/protocol";
import { expect, it } from "vitest";
import { SeenEvents } from "../../src/train/seen-events.ts";

it("knows each id once, through many growths", () => {
  const seen = new SeenEvents();
  const ids = Array.from({ length: 50_000 }, (_, n) => uuidV7(n, (bytes) => crypto.getRandomValues(bytes)));
  for (const id of ids) expect(seen.add(id)).toBe(true);
  for (const id of ids) expect(seen.add(id)).toBe(false);
  expect(seen.size).toBe(ids.length);
  expect(seen.add(randomUUID())).toBe(true);
});
