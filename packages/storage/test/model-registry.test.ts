import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newTenantId, uuidV7 } from "@endcap/protocol";
import { expect, onTestFinished, test } from "vitest";
import {
  championMoves,
  listModels,
  type ModelStore,
  type ModelVerdict,
  modelFacts,
  openModels,
  promoteModel,
  rollBackModel,
} from "../src/index.ts";

function newStore(): ModelStore {
  const dir = mkdtempSync(join(tmpdir(), "endcap-registry-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return openModels(`file:${dir}`).open(newTenantId(randomFillSync));
}

let at = Date.parse("2027-01-01T00:00:00Z");
function stamp() {
  at += 1000;
  return { at, id: uuidV7(at, randomFillSync) };
}

const good: ModelVerdict = { promote: true, reason: "there was no champion" };

/** A model as training stores it. */
async function promoted(store: ModelStore, version: string): Promise<boolean> {
  await store.putIfAbsent(`${version}.ecm`, new Uint8Array(10));
  return promoteModel(store, { version, trainedAt: new Date(at).toISOString(), verdict: good }, stamp());
}

const champion = async (store: ModelStore) => (await store.pointer("champion"))?.value;

test("each champion knows the one before it, and rollback walks back, one model at a time", async () => {
  const store = newStore();
  for (const version of ["m-1", "m-2", "m-3"]) expect(await promoted(store, version)).toBe(true);
  expect(await modelFacts(store, "m-3")).toMatchObject({ previous: "m-2", verdict: good });
  expect(await rollBackModel(store, stamp())).toMatchObject({ from: "m-3", to: "m-2", by: "rollback" });
  expect(await rollBackModel(store, stamp())).toMatchObject({ from: "m-2", to: "m-1" });
  await expect(rollBackModel(store, stamp())).rejects.toMatchObject({ code: "model_not_found" });
  expect(await champion(store)).toBe("m-1");

  // What is trained next goes back to what answered then, not to what was rolled back.
  await promoted(store, "m-4");
  expect(await rollBackModel(store, stamp())).toMatchObject({ from: "m-4", to: "m-1" });
  expect((await championMoves(store)).map(({ from, to, by }) => `${by} ${from} ${to}`)).toEqual([
    "rollback m-4 m-1",
    "training m-1 m-4",
    "rollback m-2 m-1",
    "rollback m-3 m-2",
    "training m-2 m-3",
    "training m-1 m-2",
    "training null m-1",
  ]);
});

test("a model that a newer one overtook does not become the champion", async () => {
  const store = newStore();
  await promoted(store, "m-2");
  expect(await promoted(store, "m-1")).toBe(false);
  expect(await champion(store)).toBe("m-2");
});

test("of racing trainings the newest wins, and the way back is the way it came", async () => {
  const store = newStore();
  await promoted(store, "m-0");
  await Promise.all(["m-3", "m-1", "m-4", "m-2"].map((version) => promoted(store, version)));
  expect(await champion(store)).toBe("m-4");
  const walked = ["m-4"];
  for (let step = (await modelFacts(store, "m-4")).previous; step; step = (await modelFacts(store, step)).previous) {
    walked.push(step);
  }
  expect(walked.at(-1)).toBe("m-0");
  expect(walked).toEqual([...walked].sort().reverse());
});

test("a rollback to a model that is no longer kept is refused, and the champion stays", async () => {
  const store = newStore();
  await promoted(store, "m-1");
  await promoted(store, "m-2");
  await store.delete("m-1.ecm");
  await expect(rollBackModel(store, stamp())).rejects.toMatchObject({
    code: "model_not_found",
    detail: "The earlier model m-1 is no longer kept.",
  });
  expect(await champion(store)).toBe("m-2");
  await expect(rollBackModel(newStore(), stamp())).rejects.toMatchObject({ code: "model_not_found" });
});

test("the list tells champion, retired and candidate apart", async () => {
  const store = newStore();
  await promoted(store, "m-1");
  await promoted(store, "m-2");
  const worse = { promote: false, reason: "worse" };
  await store.putIfAbsent("m-3.ecm", new Uint8Array(4));
  await store.put("m-3.json", new TextEncoder().encode(JSON.stringify({ version: "m-3", verdict: worse })));
  await store.putIfAbsent("m-4.ecm", new Uint8Array(4)); // its training was cut short
  expect((await listModels(store)).map(({ version, state, bytes }) => [version, state, bytes])).toEqual([
    ["m-4", "candidate", 4],
    ["m-3", "candidate", 4],
    ["m-2", "champion", 10],
    ["m-1", "retired", 10],
  ]);
});
