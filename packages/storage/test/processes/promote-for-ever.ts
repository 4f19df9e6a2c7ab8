/** Stores models and makes each the champion, a line for each. The test kills it. */
import { writeSync } from "node:fs";
import { openModels, promoteModel } from "@endcap/storage";
import { MODEL_BYTES, modelBytes } from "./promoted-model.ts";

const [location = "", tenant = ""] = process.argv.slice(2);
const store = openModels(location).open(tenant);

async function* chunks(): AsyncGenerator<Uint8Array> {
  const bytes = modelBytes();
  for (let at = 0; at < MODEL_BYTES; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
}

for (let n = 0; ; n++) {
  // Versions order by time, over all processes.
  const version = `m-${String(Date.now()).padStart(14, "0")}-${String(n).padStart(6, "0")}`;
  await store.putIfAbsent(`${version}.ecm`, chunks());
  const at = Date.now();
  const trainedAt = new Date(at).toISOString();
  const promoted = await promoteModel(store, { version, trainedAt }, { at, id: `${version.slice(2)}-${process.pid}` });
  if (promoted) writeSync(1, `promoted ${version}\n`);
}
