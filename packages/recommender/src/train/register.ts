import { EndcapError } from "@endcap/protocol";
import {
  listModels,
  type ModelFacts,
  type ModelStore,
  type ModelVerdict,
  type MoveStamp,
  modelFacts,
  promoteModel,
} from "@endcap/storage";

export type JudgedFacts = ModelFacts & { readonly verdict: ModelVerdict };

/** Models that stay beside the champion, for rollback. */
const keptMax = 5;

/** Stores a model's file, which never changes afterwards; resolves to its size in bytes. */
export async function storeModel(
  store: ModelStore,
  version: string,
  chunks: Iterable<Uint8Array<ArrayBufferLike>>,
): Promise<number> {
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      bytes += chunk.byteLength;
      yield chunk;
    }
  }
  if (!(await store.putIfAbsent(`${version}.ecm`, counted()))) {
    throw new EndcapError("training_running", { internal: `model ${version} exists already` });
  }
  return bytes;
}

/**
 * Writes what is known of a stored model beside it, and makes it the champion if it was judged good enough. Resolves to
 * whether it is: a newer training may have finished first, and its champion stays.
 */
export async function register(store: ModelStore, facts: JudgedFacts, stamp: MoveStamp): Promise<boolean> {
  let promoted = false;
  if (facts.verdict.promote) promoted = await promoteModel(store, facts, stamp);
  else await store.put(`${facts.version}.json`, new TextEncoder().encode(JSON.stringify(facts)));
  await prune(store);
  return promoted;
}

/** Removes the oldest models, but never the champion and the one to go back to; versions order by time. */
async function prune(store: ModelStore): Promise<void> {
  const versions = (await listModels(store)).map(({ version }) => version);
  const champion = (await store.pointer("champion"))?.value;
  const back = champion && (await modelFacts(store, champion)).previous;
  for (const version of versions.slice(keptMax)) {
    if (version === champion || version === back) continue;
    await store.delete(`${version}.ecm`);
    await store.delete(`${version}.json`);
  }
}
