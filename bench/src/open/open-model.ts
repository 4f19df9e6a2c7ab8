// Opens the model of a store as a recommender does, or only reads it, once, in a process of its own.
//   node open-model.ts open|read DIRECTORY TENANT -> {items, ms, turnMsMax}
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createList, ModelOpening, roomForModel } from "@endcap/recommender/model";
import { openModels } from "@endcap/storage";
import { modelKey } from "./dense-model.ts";

export interface Opened {
  /** 0 when it was only read. */
  readonly items: number;
  readonly ms: number;
  /** The longest that anything else had to wait while the file was read and checked. */
  readonly turnMsMax: number;
}

const [what, directory, tenant] = process.argv.slice(2) as ["open" | "read", string, string];
const store = openModels(`file:${directory}`).open(tenant);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const startedAt = performance.now();
let opening: ModelOpening | undefined;
await store.get(modelKey, {
  room: roomForModel,
  arriving(bytes, length) {
    if (what === "read") return;
    opening ??= new ModelOpening(bytes);
    opening.check(length);
  },
});
delay.disable();
const model = opening?.finish();
const list = createList(12);
model?.rank({ items: [0, 1, 2], count: 3 }, { limit: 12 }, list);
const ms = performance.now() - startedAt;
const opened: Opened = { items: model?.itemCount ?? 0, ms, turnMsMax: delay.max / 1e6 };
process.send?.(opened);
