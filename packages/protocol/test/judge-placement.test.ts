import { expect, it } from "vitest";
import { assertPlacement, EndcapError, type Placement } from "../src/index.ts";

const home: Placement = { id: "home", strategy: "for_you", repeats: "allow" };

function faultOf(changes: Partial<Placement>): [code: string, pointer: string | undefined] {
  try {
    assertPlacement({ ...home, ...changes });
  } catch (error) {
    if (error instanceof EndcapError) return [error.code, error.errors?.[0]?.pointer];
    throw error;
  }
  throw new Error("nothing was refused");
}

it("takes a placement whose parts all make sense", () => {
  const rules = [
    { id: "spring", from: "2027-03-01T00:00:00Z", until: "2027-06-01T00:00:00Z", pin: { items: ["a"], position: 1 } },
    { id: "own", boost: { filter: { brand: "Oak" }, factor: 2 } },
    { id: "both", pin: { items: ["b"], position: 2 }, exclude: { filter: { brand: "Elm" } } },
  ];
  const variants = [0.1, 0.2, 0.7].map((share, n) => ({ name: `v${n}`, share, rules }));
  expect(() =>
    assertPlacement({ ...home, filter: { price: { $lte: 30 } }, rules, experiment: { id: "x", variants } }),
  ).not.toThrow();
});

it.each<[string, Partial<Placement>, [string, string]]>([
  ["a filter of an unknown field", { filter: { colour: "red" } }, ["filter_unknown_field", "/filter/colour"]],
  ["a filter with an unknown operator", { filter: { brand: { $is: 1 } } }, ["filter_invalid", "/filter/brand/$is"]],
  [
    "a rule's filter",
    { rules: [{ id: "a", exclude: { filter: { $or: [] } } }] },
    ["filter_invalid", "/rules/0/exclude/filter/$or"],
  ],
  ["a rule about nothing", { rules: [{ id: "a" }] }, ["invalid_request", "/rules/0"]],
  [
    "two rules of one id",
    { rules: ["a", "a"].map((id) => ({ id, pin: { items: ["i"], position: 1 } })) },
    ["invalid_request", "/rules/1/id"],
  ],
  [
    "a campaign that ends before it starts",
    {
      rules: [
        { id: "a", from: "2027-02-01T00:00:00Z", until: "2027-01-01T00:00:00Z", pin: { items: ["i"], position: 1 } },
      ],
    },
    ["invalid_request", "/rules/0/until"],
  ],
  [
    "shares that do not add up to 1",
    {
      experiment: {
        id: "x",
        variants: [
          { name: "a", share: 0.5 },
          { name: "b", share: 0.4 },
        ],
      },
    },
    ["invalid_request", "/experiment/variants"],
  ],
  [
    "two variants of one name",
    {
      experiment: {
        id: "x",
        variants: [
          { name: "a", share: 0.5 },
          { name: "a", share: 0.5 },
        ],
      },
    },
    ["invalid_request", "/experiment/variants/1/name"],
  ],
  [
    "a filter within a variant",
    {
      experiment: {
        id: "x",
        variants: [{ name: "a", share: 1, rules: [{ id: "r", boost: { filter: { x: 1 }, factor: 2 } }] }],
      },
    },
    ["filter_unknown_field", "/experiment/variants/0/rules/0/boost/filter/x"],
  ],
])("refuses %s, and says where", (_, changes, fault) => {
  expect(faultOf(changes)).toEqual(fault);
});
