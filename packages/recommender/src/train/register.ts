import { EndcapError } from "@endcap/protocol";
import type { ModelStore } from "@endcap/storage";

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

/** Writes what is known of a stored model beside it, and makes it the champion. */
export async function register(store: ModelStore, version: string, facts: Record<string, unknown>): Promise<void> {
  await store.putIfAbsent(`${version}.json`, new TextEncoder().encode(JSON.stringify({ version, ...facts })));
  for (;;) {
    const champion = await store.pointer("champion");
    // A newer training may have finished first: its champion stays.
    if (champion !== undefined && champion.value > version) return;
    if ((await store.movePointer("champion", champion?.version, version)) !== undefined) break;
  }
  await prune(store, version);
}

/** Removes the oldest models; versions order by time. */
async function prune(store: ModelStore, champion: string): Promise<void> {
  const versions = (await store.list("m-")).map(({ key }) => key).filter((key) => key.endsWith(".ecm"));
  for (const key of versions.sort().slice(0, -keptMax)) {
    if (key === `${champion}.ecm`) continue;
    await store.delete(key);
    await store.delete(key.replace(/\.ecm$/, ".json"));
  }
}
