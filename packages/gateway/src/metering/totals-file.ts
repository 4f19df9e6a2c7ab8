import { readFile } from "node:fs/promises";
import { writeFileAtomic } from "@endcap/service-kit";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import type { KnownTotals } from "./ledger.ts";

const Kept = Type.Object(
  {
    month: Type.String(),
    cursor: Type.Integer(),
    totals: Type.Record(Type.String(), Type.Integer()),
    gateways: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);
/** What control last told of quotas and of the gateways beside us, for a start while it is down. */
export type Kept = Static<typeof Kept>;

const check = Compile(Kept);

/** `undefined` when there is none, or none that can be read: control tells it again. */
export async function readTotals(path: string): Promise<Kept | undefined> {
  try {
    const kept: unknown = JSON.parse(await readFile(path, "utf8"));
    return check.Check(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Tenants in a slice: a millisecond of work. */
const sliceLength = 1_000;

/** In slices, each written before the next is made: a hundred thousand tenants at once would stop the process. */
export async function writeTotals(path: string, known: KnownTotals, gateways: number | undefined): Promise<void> {
  await writeFileAtomic(path, slices(known, gateways));
}

async function* slices({ month, cursor, totals }: KnownTotals, gateways: number | undefined): AsyncGenerator<string> {
  let slice = `{"month":"${month}","cursor":${cursor},${gateways === undefined ? "" : `"gateways":${gateways},`}"totals":{`;
  let count = 0;
  for (const [tenant, events] of totals()) {
    slice += `${count === 0 ? "" : ","}${JSON.stringify(tenant)}:${events}`;
    count += 1;
    if (count % sliceLength !== 0) continue;
    yield slice;
    slice = "";
  }
  yield `${slice}}}`;
}
