import { BUDGETS, measureSizes, overBudget } from "../../packages/sdk-browser/scripts/measure.ts";
import { type Check, reportFindings } from "./check.ts";

/** What a shop page pays for the browser SDK, held against the budgets beside its measure. */
export const sizes: Check = {
  name: "sizes",
  async run() {
    const measured = await measureSizes();
    reportFindings(overBudget(measured).map((name) => `${name}: ${measured[name]}, the budget is ${BUDGETS[name]}`));
    return Object.entries(BUDGETS)
      .map(([name, max]) => `${name} ${measured[name as keyof typeof BUDGETS]} of ${max}`)
      .join(", ");
  },
};
