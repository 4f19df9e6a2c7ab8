import { expect, test } from "vitest";
import { cleanLog } from "../slow/clean-log.ts";
import { tidyRules } from "../tidy/rules.ts";

const machine = { root: ["", "home", "ada", "endcap"].join("/"), temporary: "/var/tmp-of-ada", host: "adas-laptop" };

test("a kept log names no machine, and has no colours", () => {
  const said = [
    `\u001b[32m✓\u001b[39m ${machine.root}/packages/ml/test/a.slow.test.ts   `,
    `opened ${machine.temporary}/x1/model.ecm on adas-laptop`,
    `node at ${["", "home", "ada", ".local", "bin", "node"].join("/")}`,
    "",
  ].join("\n");
  const kept = cleanLog(said, machine);
  expect(kept).toBe(
    "✓ <clone>/packages/ml/test/a.slow.test.ts\nopened <temporary>/x1/model.ecm on <host>\nnode at <path>\n",
  );
  const file = { path: "docs/slow/a.log", text: kept, bytes: kept.length };
  expect(tidyRules.flatMap((rule) => rule.find(file))).toEqual([]);
});
