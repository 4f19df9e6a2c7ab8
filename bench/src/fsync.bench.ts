// What this machine's disk allows: no durable acknowledgement can come sooner than one fsync.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineBench } from "./bench.ts";
import { describeMachine, filesystemOf, measureFsync } from "./machine.ts";
import { quantile, round3 } from "./stats.ts";

export default defineBench({
  summary: "the machine, its filesystem and how long an fsync of 4 KiB takes",
  options: { directory: { type: "string", default: tmpdir() } },
  async run({ short, options, cleanup }) {
    const directory = await mkdtemp(join(String(options.directory), "endcap-fsync-"));
    cleanup(() => rm(directory, { recursive: true }));
    const samples = await measureFsync(directory, short ? 100 : 2000);
    return {
      ok: true,
      figures: {
        fsyncs: samples.length,
        fsyncMsP50: round3(quantile(samples, 0.5)),
        fsyncMsP90: round3(quantile(samples, 0.9)),
        fsyncMsP99: round3(quantile(samples, 0.99)),
        filesystem: await filesystemOf(directory),
        machine: await describeMachine(directory),
      },
    };
  },
});
