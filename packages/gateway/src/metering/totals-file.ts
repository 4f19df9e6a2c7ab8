import { readFile } from "node:fs/promises";
import { writeFileAtomic } from "@endcap/service-kit";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";

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

export async function writeTotals(path: string, kept: Kept): Promise<void> {
  await writeFileAtomic(path, JSON.stringify(kept));
}
