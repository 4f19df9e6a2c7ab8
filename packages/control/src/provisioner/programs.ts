import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { EndcapError } from "@endcap/protocol";
import { packageRoot } from "../package-root.ts";

/** A program of a neighbouring package, and the Node options and environment that it runs with. */
export interface Program {
  readonly script: string;
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Control running from its TypeScript sources runs the others from theirs; built, it runs their builds. */
const fromSources = import.meta.filename.endsWith(".ts");

/**
 * One thread for V8's own work: where services share a core, each of four took 4 ms of it in turn, and nobody was answered
 * for 16; and each keeps memory of its own.
 */
const serverOptions = ["--v8-pool-size=1"];

/**
 * There is a recommender for each tenant, and most are idle. The young generation may grow under load, where a small one
 * costs a tenth of the processor; a recommender that nobody asks gives it back.
 */
const recommenderHeap = ["--max-semi-space-size=16"];
/**
 * Outside V8's heap its compiler and collector leave 15 to 20 MB of holes behind that glibc never gives back. What is
 * larger than this (bytes) gets pages of its own there, and returns them when it is freed.
 */
const leanMalloc = { MALLOC_MMAP_THRESHOLD_: "8192" };

/**
 * What a gateway's requests leave behind dies young. V8 would let its young generation grow to 128 MB, which no cache of a
 * processor holds. Halves of 32 MB cost what 64 do; 16 were dearer in one run and not in another, and with 8 a request costs
 * half as much again. They have that size from the start: one that grows while tenants come in lies scattered among them
 * (docs/decisions/0094). And after a quiet minute V8 would forget what requests look like, and with it the code that it
 * compiled for them (docs/decisions/0089), and by chance it would decide that what every request makes belongs to the old
 * generation (docs/decisions/0091).
 *
 * The last four let V8's compiler put what a request calls into few large functions. By V8's own bounds what is left out is
 * a matter of chance, another in each process, and a request costs a fifteenth more (docs/decisions/0096).
 *
 * The image starts it so too.
 */
const gatewayOptions = [
  "--min-semi-space-size=32",
  "--max-semi-space-size=32",
  "--no-memory-reducer",
  "--retain-maps-for-n-gc=1000000",
  "--no-allocation-site-pretenuring",
  "--max-inlined-bytecode-size=1500",
  "--max-inlined-bytecode-size-cumulative=10000",
  "--max-inlined-bytecode-size-absolute=20000",
  "--min-inlining-frequency=0.03",
];

const optionsOf: Readonly<Record<string, readonly string[]>> = {
  gateway: gatewayOptions,
  recommender: recommenderHeap,
};

/**
 * Services meet over the wire and never by import, so their programs are found by place: the packages lie side by side
 * in a clone and in the image alike.
 */
export function programOf(packageName: string, entry: string): Program {
  const home = join(dirname(packageRoot()), packageName);
  const script = fromSources ? join(home, "src", `${entry}.ts`) : join(home, "dist", `${entry}.js`);
  if (!existsSync(script)) {
    throw new EndcapError("config_invalid", { detail: `${script} is missing: run \`npm run build\`.` });
  }
  const serves = entry === "server";
  const options = serves ? [...serverOptions, ...(optionsOf[packageName] ?? [])] : [];
  const execArgv = [...options, ...(fromSources ? ["--conditions=@endcap/source"] : [])];
  return { script, execArgv, env: serves && packageName === "recommender" ? leanMalloc : {} };
}
