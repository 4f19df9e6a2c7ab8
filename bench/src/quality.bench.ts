// How good the recommender is, on sessions of real shops and on a tenant's own history, beside what is simple and what the
// field compares with.

import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { type BenchContext, defineBench, type Figures } from "./bench.ts";
import { describeMachine } from "./machine.ts";
import { sessionQuality } from "./quality/session-files.ts";
import { tenantQuality } from "./quality/tenant.ts";
import { retailFile, retailRows, tenantRows } from "./quality/tenant-rows.ts";

const seed = 1;

/** Real sessions that lie beside the clone; see docs/quality.md for what else there is. */
const defaultTrain = fileURLToPath(new URL("../../../shared/data/retailrocket_cotrec", import.meta.url));

async function quality(context: BenchContext): Promise<Figures> {
  const own = context.options["tenant-history"];
  if (typeof own === "string") return tenantQuality(await tenantRows(own, context), context, seed);
  const path = String(context.options.train ?? defaultTrain);
  const retail = retailFile(path);
  return retail === undefined ? sessionQuality(path, context, seed) : tenantQuality(retailRows(retail), context, seed);
}

export default defineBench({
  summary:
    "HR, MRR, NDCG, coverage and latency on session files (--train DIR [--test FILE]) or a tenant's history (--tenant-history DIR), beside baselines",
  options: {
    train: { type: "string" },
    test: { type: "string" },
    "hold-out": { type: "boolean" },
    "tenant-history": { type: "string" },
    "hold-out-days": { type: "string" },
    baselines: { type: "string", default: "sessionItems,popularity" },
    "baseline-rows": { type: "string", default: "5000" },
  },
  run: async (context) => ({
    ok: true,
    figures: { ...(await quality(context)), machine: await describeMachine(tmpdir()) },
  }),
});
