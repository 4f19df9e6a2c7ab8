/**
 * What is known of a tenant's models, on top of any ModelStore: `<version>.ecm` is a model's file, `<version>.json` its
 * facts, the pointer `champion` names the one that answers, and each move of it leaves a `move-<uuid>.json`.
 */
import { EndcapError } from "@endcap/protocol";
import type { ModelStore } from "./ports/model-store.ts";

/** Whether a model was held good enough to answer, and why. */
export interface ModelVerdict {
  readonly promote: boolean;
  readonly reason: string;
}

/** `<version>.json`: these, and whatever training measured. Versions order by time. */
export interface ModelFacts extends Record<string, unknown> {
  readonly version: string;
  readonly trainedAt?: string;
  readonly verdict?: ModelVerdict;
  /** The champion that it took over from: what a rollback returns to. */
  readonly previous?: string;
}

export interface ModelEntry {
  readonly version: string;
  /**
   * - `candidate`: stored, and not judged (its training was cut short) or judged worse than the champion of its day.
   * - `champion`: it answers.
   * - `retired`: it answered once, or could have.
   */
  readonly state: "candidate" | "champion" | "retired";
  readonly bytes: number;
  readonly facts: ModelFacts;
}

export interface ChampionMove {
  readonly at: string;
  readonly from: string | null;
  readonly to: string;
  readonly by: "training" | "rollback";
}

/** When a move is made, and a uuid v7 to keep it under. */
export interface MoveStamp {
  readonly at: number;
  readonly id: string;
}

const MOVES_KEPT = 100;

/**
 * Makes a model the champion and records what it took over from. `false` when a newer model is the champion already: a
 * training that began later ended first.
 */
export async function promoteModel(store: ModelStore, facts: ModelFacts, stamp: MoveStamp): Promise<boolean> {
  const { version } = facts;
  for (;;) {
    const champion = await store.pointer("champion");
    if (champion !== undefined && champion.value >= version) {
      await putFacts(store, facts);
      return champion.value === version;
    }
    // Before the move, so that there is no champion without a way back; the move fails unless this is still true.
    await putFacts(store, { ...facts, ...(champion && { previous: champion.value }) });
    if ((await store.movePointer("champion", champion?.version, version)) === undefined) continue;
    await recordMove(store, stamp, { from: champion?.value ?? null, to: version, by: "training" });
    return true;
  }
}

/**
 * Returns to the model that the champion took over from. The next training may promote again.
 * @throws EndcapError `model_not_found` when there is none, or it is gone
 */
export async function rollBackModel(store: ModelStore, stamp: MoveStamp): Promise<ChampionMove> {
  for (;;) {
    const champion = await store.pointer("champion");
    if (champion === undefined) throw new EndcapError("model_not_found");
    const { previous } = await modelFacts(store, champion.value);
    if (previous === undefined) {
      throw new EndcapError("model_not_found", { detail: `${champion.value} took over from no earlier model.` });
    }
    if ((await store.list(`${previous}.ecm`)).length === 0) {
      throw new EndcapError("model_not_found", { detail: `The earlier model ${previous} is no longer kept.` });
    }
    if ((await store.movePointer("champion", champion.version, previous)) === undefined) continue;
    return recordMove(store, stamp, { from: champion.value, to: previous, by: "rollback" });
  }
}

/** Of a model that has none, its version alone. */
export async function modelFacts(store: ModelStore, version: string): Promise<ModelFacts> {
  const facts = await readJson<ModelFacts>(store, `${version}.json`);
  return { ...facts, version };
}

/** All models that are kept, newest first. */
export async function listModels(store: ModelStore): Promise<ModelEntry[]> {
  const champion = (await store.pointer("champion"))?.value;
  const files = (await store.list("m-")).filter(({ key }) => key.endsWith(".ecm"));
  const entries = files.map(async ({ key, bytes }): Promise<ModelEntry> => {
    const facts = await modelFacts(store, key.slice(0, -".ecm".length));
    const judgedGood = facts.verdict?.promote ?? facts.trainedAt !== undefined;
    const state = facts.version === champion ? "champion" : judgedGood ? "retired" : "candidate";
    return { version: facts.version, state, bytes, facts };
  });
  return (await Promise.all(entries)).sort((a, b) => (a.version < b.version ? 1 : -1));
}

/** Moves of the champion, newest first. One that a crash cut short may be missing; the pointer itself never lies. */
export async function championMoves(store: ModelStore): Promise<ChampionMove[]> {
  const files = await store.list("move-");
  const moves = await Promise.all(files.map(({ key }) => readJson<ChampionMove>(store, key)));
  return moves.filter((move) => move !== undefined).reverse();
}

async function recordMove(
  store: ModelStore,
  { at, id }: MoveStamp,
  made: Omit<ChampionMove, "at">,
): Promise<ChampionMove> {
  const move: ChampionMove = { at: new Date(at).toISOString(), ...made };
  await store.putIfAbsent(`move-${id}.json`, encode(move));
  for (const { key } of (await store.list("move-")).slice(0, -MOVES_KEPT)) await store.delete(key);
  return move;
}

const putFacts = (store: ModelStore, facts: ModelFacts): Promise<void> =>
  store.put(`${facts.version}.json`, encode(facts));

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

async function readJson<T>(store: ModelStore, key: string): Promise<T | undefined> {
  const object = await store.get(key);
  return object && (JSON.parse(new TextDecoder().decode(object.bytes)) as T);
}
