// What training costs as a shop grows: processor time for each event and peak memory, each size in a process of its own.
import { fork } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { type BenchContext, defineBench } from "./bench.ts";
import type { Opening, Training } from "./load/train.ts";
import { describeMachine } from "./machine.ts";
import { round3 } from "./stats.ts";

const costRatioMax = 1.5;
const rssMbGoal = 12_000;
const openMsMax = 1_000;
/** The model file that is opened: its catalogue, and the events that its rows come from. */
const largeCatalogue = 1_000_000;

export default defineBench({
  summary: "training's cost per event and peak memory as events grow (--events 1e6,1e7,3e7)",
  options: { events: { type: "string" } },
  async run(context) {
    const { short, options, log } = context;
    const sizes = String(options.events ?? (short ? "5e4,2e5,5e5" : "1e6,1e7,3e7"))
      .split(",")
      .map(Number)
      .sort((a, b) => a - b);
    if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 1_000)) {
      throw new Error("--events takes sizes from 1000 on, separated by commas: 1e6,1e7,3e7");
    }
    const trainings: Training[] = [];
    for (const size of sizes) {
      const training = await inChild<Training>(context, [String(size)]);
      trainings.push(training);
      log(`${size} events: ${round3(perMillion(training))} s a million, ${round3(training.rssMb)} MB`);
    }
    const opening = await inChild<Opening>(context, ["open", short ? "3e4" : "1e6", String(largeCatalogue)]);

    const costs = trainings.map(perMillion);
    const costRatio = (costs.at(-1) ?? Number.NaN) / (costs[0] ?? Number.NaN);
    const rssMbMax = Math.max(...trainings.map(({ rssMb }) => rssMb));
    const ok = costRatio <= costRatioMax && rssMbMax < rssMbGoal && opening.openMs < openMsMax;
    return {
      ok,
      figures: {
        secondsPerMillionEvents: Object.fromEntries(trainings.map((each) => [each.events, round3(perMillion(each))])),
        costRatio: round3(costRatio),
        rssMbMax: round3(rssMbMax),
        openMs1M: round3(opening.openMs),
        modelMb1M: round3(opening.modelMb),
        sizes: trainings.map((training) => rounded(training)),
        machine: await describeMachine(tmpdir()),
      },
    };
  },
});

function perMillion({ events, readSeconds, buildSeconds, encodeSeconds }: Training): number {
  return ((readSeconds + buildSeconds + encodeSeconds) / events) * 1e6;
}

function rounded({ events, items, sessions, reranked, ...measured }: Training) {
  const short = Object.entries(measured).map(([name, value]) => [name, round3(value)]);
  return { events, items, sessions, reranked, ...Object.fromEntries(short) };
}

/** Runs load/train.ts, whose one message is the answer. */
function inChild<Answer>({ cleanup }: BenchContext, args: string[]): Promise<Answer> {
  const script = fileURLToPath(new URL("load/train.ts", import.meta.url));
  const child = fork(script, args, { stdio: ["ignore", 2, 2, "ipc"] });
  cleanup(() => void child.kill());
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`training ${args.join(" ")} ended with ${code}`)));
    child.once("message", (answer) => resolve(answer as Answer));
  });
}
