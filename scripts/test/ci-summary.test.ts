import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../checks/check.ts";

const good: Readonly<Record<string, string>> = {
  "tests.json": JSON.stringify({ numPassedTests: 40, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 }),
  "tests.exit": "0",
  "checks.json": JSON.stringify({ passed: 9, failed: 0 }),
  "checks.exit": "0",
  benches: "fsync\nsmoke\n",
  "benches.exit": "0",
  "fsync.bench": '{"bench":"fsync","ok":true,"figures":{}}\n',
  "fsync.exit": "0",
  "smoke.bench": '{"bench":"smoke","ok":true,"figures":{}}\n',
  "smoke.exit": "0",
};

/** What .ci/run prints of what it left in its directory, and its exit code. */
function printed(files: Readonly<Record<string, string | undefined>>) {
  const dir = mkdtempSync(join(tmpdir(), "endcap-ci-"));
  try {
    for (const [name, text] of Object.entries(files)) if (text !== undefined) writeFileSync(join(dir, name), text);
    const { stdout, status } = spawnSync(process.execPath, [join(root, ".ci/summary.mjs"), dir], { encoding: "utf8" });
    return { lines: stdout.trimEnd().split("\n"), status };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Its last line and its exit code. */
function summary(files: Readonly<Record<string, string | undefined>>) {
  const { lines, status } = printed(files);
  return `${lines.at(-1)} (${status})`;
}

test("tests, checks and benches add up", () => {
  expect(summary(good)).toBe("51 passed, 0 failed (0)");
});

test("whatever failed is counted once", () => {
  const tests = { numPassedTests: 38, numFailedTests: 2, numPendingTests: 0, numTodoTests: 0 };
  expect(summary({ ...good, "tests.json": JSON.stringify(tests), "tests.exit": "1" })).toBe("49 passed, 2 failed (1)");
  expect(summary({ ...good, "checks.json": '{"passed":8,"failed":1}', "checks.exit": "1" })).toBe(
    "50 passed, 1 failed (1)",
  );
  expect(summary({ ...good, "smoke.bench": '{"bench":"smoke","ok":false,"figures":{}}', "smoke.exit": "1" })).toBe(
    "50 passed, 1 failed (1)",
  );
});

test("what a failed bench said last stands beside its failure", () => {
  const failed = { "smoke.bench": '{"bench":"smoke","ok":false,"figures":{"errors":3}}', "smoke.exit": "1" };
  const { lines } = printed({ ...good, ...failed, "smoke.log": "booted\nno answer\n", "fsync.log": "quiet\n" });
  expect(lines.map((line) => line.trim())).toEqual([
    "booted",
    "no answer",
    '{"bench":"smoke","ok":false,"figures":{"errors":3}}',
    "FAIL  bench smoke: ended with 1",
    "50 passed, 1 failed",
  ]);
});

test("a test that was left out fails the run", () => {
  const tests = { numPassedTests: 40, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1 };
  expect(summary({ ...good, "tests.json": JSON.stringify(tests) })).toBe("51 passed, 2 failed (1)");
});

test("no tests, no report or no result line fails the run", () => {
  expect(summary({ ...good, "tests.json": undefined, "tests.exit": "124" })).toBe("11 passed, 1 failed (1)");
  const none = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  expect(summary({ ...good, "tests.json": JSON.stringify(none) })).toBe("11 passed, 1 failed (1)");
  expect(summary({ ...good, "checks.json": undefined, "checks.exit": "124" })).toBe("42 passed, 1 failed (1)");
  expect(summary({ ...good, "smoke.bench": "", "smoke.exit": "124" })).toBe("50 passed, 1 failed (1)");
  expect(summary({ ...good, benches: "", "benches.exit": "1" })).toBe("49 passed, 1 failed (1)");
});

test("a run that ends badly without a failed test fails the run", () => {
  expect(summary({ ...good, "tests.exit": "1" })).toBe("51 passed, 1 failed (1)");
});
