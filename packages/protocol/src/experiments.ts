/**
 * Who sees what: the arm of a placement's experiment that a shopper is in, and the permanent holdout. Both follow from
 * ids alone, so every process says the same, for ever, and nothing has to be stored.
 */
import { utf8 } from "./encoding.ts";
import type { Shopper } from "./events.ts";
import type { Experiment, ExperimentVariant, Placement } from "./placements.ts";
import { sha256 } from "./sha256.ts";

/** The `variant` of shoppers who are shown nothing, so that it can be told what recommendations bring. */
export const HOLDOUT = "holdout";

/**
 * A number in [0, 1), evenly spread over shoppers and independent from one `salt` to the next; undefined for a shopper
 * without an id. The user id counts before the anonymous one, as in storage: a shopper keeps the arm on every device
 * once signed in, and may change it once, by signing in.
 */
export function shopperPoint(salt: string, { userId, anonymousId }: Shopper): number | undefined {
  const who = userId === undefined ? anonymousId && `a#${anonymousId}` : `u#${userId}`;
  if (who === undefined) return undefined;
  const digest = sha256(utf8(`${salt.length}#${salt}${who}`));
  return new DataView(digest.buffer).getUint32(0) / 2 ** 32;
}

/** The arm of a shopper: arms lie side by side on [0, 1) in their given order, each as wide as its share. */
export function variantOf(experiment: Experiment, shopper: Shopper): ExperimentVariant | undefined {
  const point = shopperPoint(`experiment#${experiment.id}`, shopper);
  if (point === undefined) return undefined;
  let end = 0;
  for (const variant of experiment.variants) {
    end += variant.share;
    if (point < end) return variant;
  }
  // Shares are decimal fractions: their sum may end a hair below 1.
  return experiment.variants.findLast(({ share }) => share > 0);
}

/** The placement as a variant has it. Ask for a list with this one. */
export function placementIn(placement: Placement, variant: ExperimentVariant | undefined): Placement {
  const { experiment: _experiment, ...plain } = placement;
  if (variant === undefined) return plain;
  const { name: _name, share: _share, ...changes } = variant;
  return { ...plain, ...changes };
}

/** Whether recommendations are kept from this shopper. A larger share keeps everyone it held out before. */
export function isHeldOut(tenantId: string, share: number | undefined, shopper: Shopper): boolean {
  if (share === undefined || share <= 0) return false;
  const point = shopperPoint(`holdout#${tenantId}`, shopper);
  return point !== undefined && point < share;
}
