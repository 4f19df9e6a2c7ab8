import { type Baskets, buildBaskets } from "./baskets.ts";
import { firstSessions, type InteractionLog, sessionCount } from "./interaction-log.ts";
import { returnRates } from "./next-visit.ts";
import { buildTables, type ItemTables } from "./tables.ts";
import { diffuse, type Vectors } from "./vectors.ts";

/** Share of the sessions, the newest, that rankers learn from. */
const share = 0.08;

/** What the older sessions of a log say, and from which session on the newer ones are there to be predicted from it. */
export interface HeldOut {
  readonly from: number;
  readonly tables: ItemTables;
  readonly vectors: Vectors;
  readonly baskets: Baskets;
  readonly returnRate: Float32Array;
}

export function holdOut(log: InteractionLog, seed: number): HeldOut {
  const from = Math.floor(sessionCount(log) * (1 - share));
  const older = firstSessions(log, from);
  const { tables, graph } = buildTables(older);
  return {
    from,
    tables,
    vectors: diffuse(graph, tables.itemCount, seed),
    baskets: buildBaskets(older),
    returnRate: returnRates(older),
  };
}
