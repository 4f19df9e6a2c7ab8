// Trains on the synthetic shop in a process of its own, so that its peak of memory is that of one training alone.
//   node train.ts EVENTS            -> {events, items, sessions, …Seconds, rssMb}
//   node train.ts open EVENTS ITEMS -> {items, bytes, openMs}

import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  EventLogBuilder,
  encodeModel,
  type InteractionLog,
  openModel,
  sessionCount,
  trainModel,
  writeModel,
} from "@endcap/recommender/model";
import { catalogueSize, itemId, type SyntheticEvent, syntheticShop } from "./synthetic-shop.ts";

const seed = 1;
/** Events are made in chunks, so that making them is not timed and they need not be held. */
const chunkSize = 20_000;

export interface Training {
  readonly events: number;
  readonly items: number;
  readonly sessions: number;
  readonly reranked: boolean;
  /** Processor seconds, which other processes of the machine hardly change: sessions made of the events as they come from an export, */
  readonly readSeconds: number;
  /** tables, vectors and reranker, */
  readonly buildSeconds: number;
  /** the model's bytes with their checksums. */
  readonly encodeSeconds: number;
  readonly modelMb: number;
  readonly rssMb: number;
}

export interface Opening {
  readonly items: number;
  readonly modelMb: number;
  readonly openMs: number;
}

/** Of all threads: a collector of garbage in the background is a cost, too. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function readShop(events: number, items: number): { log: InteractionLog; seconds: number } {
  const builder = new EventLogBuilder();
  for (let item = 0; item < items; item++) builder.addItem(itemId(item));
  let seconds = 0;
  const timed = (work: () => void) => {
    const startedAt = processorSeconds();
    work();
    seconds += processorSeconds() - startedAt;
  };
  const chunk: SyntheticEvent[] = [];
  const flush = () => {
    timed(() => {
      for (const event of chunk) builder.add(event);
    });
    chunk.length = 0;
  };
  for (const event of syntheticShop(events, seed, items)) {
    if (chunk.push(event) === chunkSize) flush();
  }
  flush();
  let log: InteractionLog | undefined;
  timed(() => {
    log = builder.build();
  });
  if (log === undefined) throw new Error("no log was built");
  return { log, seconds };
}

function trainOn(events: number): Training {
  const { log, seconds: readSeconds } = readShop(events, catalogueSize(events));
  const startedAt = processorSeconds();
  const { model, report } = trainModel(log, { seed, trainedAt: 0 });
  const builtAt = processorSeconds();
  let bytes = 0;
  for (const piece of encodeModel(model)) bytes += piece.length;
  return {
    events,
    items: report.items,
    sessions: sessionCount(log),
    reranked: report.reranked,
    readSeconds,
    buildSeconds: builtAt - startedAt,
    encodeSeconds: processorSeconds() - builtAt,
    modelMb: bytes / 1024 / 1024,
    rssMb: process.resourceUsage().maxRSS / 1024,
  };
}

async function openLarge(events: number, items: number): Promise<Opening> {
  const directory = await mkdtemp(join(tmpdir(), "endcap-model-"));
  try {
    const path = join(directory, "model.ecm");
    const { log } = readShop(events, items);
    await writeModel(path, trainModel(log, { seed, trainedAt: 0 }).model);
    const startedAt = performance.now();
    const opened = openModel(await readFile(path));
    const openMs = performance.now() - startedAt;
    return { items: opened.itemCount, modelMb: (await stat(path)).size / 1024 / 1024, openMs };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const [first, ...rest] = process.argv.slice(2);
const outcome = first === "open" ? await openLarge(Number(rest[0]), Number(rest[1])) : trainOn(Number(first));
process.send?.(outcome);
