import { EndcapError } from "./errors.ts";
import { compileFilter } from "./filter.ts";
import type { Placement, PlacementRule } from "./placements.ts";

/** Decimal fractions do not add up to 1 exactly. */
const SHARES_TOLERANCE = 1e-9;

/**
 * What a placement's schema cannot say: that its filters compile, that a rule is about something, that ids and names are
 * told apart, that shares add up.
 * @throws EndcapError `filter_invalid`, `filter_unknown_field` or `invalid_request`, with a JSON pointer into the placement
 */
export function assertPlacement({ filter, rules, experiment }: Placement): void {
  if (filter !== undefined) assertFilter(filter, "/filter");
  assertRules(rules, "/rules");
  if (experiment === undefined) return;
  const { variants } = experiment;
  assertDistinct(
    variants.map(({ name }) => name),
    (index) => `/experiment/variants/${index}/name`,
  );
  const shares = variants.reduce((sum, { share }) => sum + share, 0);
  if (Math.abs(shares - 1) > SHARES_TOLERANCE) {
    throw fault("/experiment/variants", "shares", `The shares of an experiment add up to 1, these to ${shares}`);
  }
  for (const [index, variant] of variants.entries()) assertRules(variant.rules, `/experiment/variants/${index}/rules`);
}

function assertRules(rules: readonly PlacementRule[] | undefined, pointer: string): void {
  if (rules === undefined) return;
  assertDistinct(
    rules.map(({ id }) => id),
    (index) => `${pointer}/${index}/id`,
  );
  for (const [index, { from, until, pin, boost, exclude }] of rules.entries()) {
    const at = `${pointer}/${index}`;
    if ([pin, boost, exclude].every((action) => action === undefined)) {
      throw fault(at, "action", "A rule pins, boosts or excludes, or several of these");
    }
    if (from !== undefined && until !== undefined && Date.parse(until) <= Date.parse(from)) {
      throw fault(`${at}/until`, "until", "A campaign ends after it starts");
    }
    if (boost) assertFilter(boost.filter, `${at}/boost/filter`);
    if (exclude) assertFilter(exclude.filter, `${at}/exclude/filter`);
  }
}

function assertDistinct(names: readonly string[], pointer: (index: number) => string): void {
  const again = names.findIndex((name, index) => names.indexOf(name) < index);
  if (again >= 0) throw fault(pointer(again), "duplicate", `${names[again]} is there twice`);
}

function assertFilter(filter: unknown, pointer: string): void {
  try {
    compileFilter(filter);
  } catch (error) {
    if (!(error instanceof EndcapError)) throw error;
    const { code, detail, errors = [] } = error;
    throw new EndcapError(code, {
      ...(detail !== undefined && { detail }),
      errors: errors.map((each) => ({ ...each, pointer: pointer + each.pointer })),
      cause: error,
    });
  }
}

function fault(pointer: string, code: string, detail: string): EndcapError {
  return new EndcapError("invalid_request", { detail, errors: [{ pointer, code }] });
}
