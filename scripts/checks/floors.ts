import { cruiseFloors } from "../floors/cruise.ts";
import { type Check, reportFindings, root } from "./check.ts";

export const floors: Check = {
  name: "floors",
  async run() {
    const { modules, violations } = await cruiseFloors(root);
    reportFindings(
      violations.map(({ rule, from, to, cycle }) => {
        const path = cycle ? cycle.map((step) => step.name).join(" -> ") : to;
        return `${rule.name}: ${from} -> ${path}`;
      }),
    );
    return `${modules} modules`;
  },
};
