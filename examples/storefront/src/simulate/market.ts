import type { DrawingName } from "../art/product-art.ts";
import type { Catalogue, Group } from "../catalogue/catalogue.ts";
import { Random } from "../random.ts";
import { complements } from "./complements.ts";

const companionsPerKind = 2;

/** What is true of the goods, whoever is shopping: how popular each model is and which models go together. */
export interface Market {
  models: readonly Group[];
  kindOf: ReadonlyMap<DrawingName, readonly Group[]>;
  popularity: ReadonlyMap<Group, number>;
  /** Models that complement a model, each with its weight. */
  companions: ReadonlyMap<Group, readonly { group: Group; weight: number }[]>;
  /** How sought after a kind is at a moment: `age` runs from 0, a month ago, to 1, now. */
  season: (kind: DrawingName, age: number) => number;
}

export function makeMarket(catalogue: Catalogue, seed: number): Market {
  const random = new Random(`market/${seed}`);
  const models = catalogue.groups;
  const kindOf = Map.groupBy(models, (group) => group.face.kind.drawing);
  const popularity = new Map(
    models.map((group) => [group, Math.exp(0.9 * random.fork(group.id).normal()) * (group.face.fresh ? 1.5 : 1)]),
  );
  const companions = new Map(
    models.map((group) => [group, companionsOf(group, kindOf, random.fork(`with ${group.id}`))]),
  );
  return { models, kindOf, popularity, companions, season };
}

/** The same maker's series first, then the same maker, then what costs a like share of its kind's range. */
function companionsOf(
  group: Group,
  kindOf: ReadonlyMap<DrawingName, readonly Group[]>,
  random: Random,
): { group: Group; weight: number }[] {
  const { face } = group;
  return (complements[face.kind.drawing] ?? []).flatMap(([kind, weight]) => {
    const fitness = (other: Group) =>
      (other.face.series === face.series && face.kind.names === undefined ? 4 : 0) +
      (other.face.brandKey === face.brandKey ? 1.5 : 0) -
      2 * Math.abs(dearness(other) - dearness(group)) +
      random.fork(other.id).next();
    const others = (kindOf.get(kind) ?? []).filter((other) => other !== group);
    const best = others.map((other) => ({ other, fits: fitness(other) })).toSorted((a, b) => b.fits - a.fits);
    return best.slice(0, companionsPerKind).map(({ other }, i) => ({ group: other, weight: weight / (i + 1) }));
  });
}

/** 0 at the cheap end of its kind, 1 at the dear end. */
export function dearness({ face }: Group): number {
  const [low, high] = face.kind.pounds;
  return (face.pricePence / 100 - low) / (high - low);
}

const rising: Partial<Record<DrawingName, number>> = {
  hammock: 5,
  "watering-can": 2.5,
  "fire-bowl": 2.2,
  "dry-bag": 2,
};
const falling: Partial<Record<DrawingName, number>> = { "seed-packet": 0.45, blanket: 0.4, kettle: 0.6 };

/** Trends turn about ten days ago: what rises is noticed late, as trends are. */
function season(kind: DrawingName, age: number): number {
  const end = rising[kind] ?? falling[kind] ?? 1;
  const progress = 1 / (1 + Math.exp(-(age - 0.65) * 14));
  return 1 + (end - 1) * progress;
}
