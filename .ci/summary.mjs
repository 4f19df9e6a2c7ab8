// Adds up what .ci/run left in its directory and prints `N passed, N failed` as the last line. Any Node since 12 runs it.
import fs from "node:fs";
import path from "node:path";

const dir = process.argv[2];
let passed = 0;
let failed = 0;

function fault(sentence) {
  failed += 1;
  console.log(`FAIL  ${sentence}`);
}

function readJson(name) {
  try {
    return JSON.parse(fs.readFileSync(path.join(dir, name), "utf8"));
  } catch {
    return undefined;
  }
}

/** What a bench said before its end: nothing, where it did not get so far. */
function lastLines(name, count) {
  const file = path.join(dir, name);
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trimEnd().split("\n").slice(-count) : [];
}

const exitCode = (name) => Number(fs.readFileSync(path.join(dir, `${name}.exit`), "utf8"));

/** A run that ended badly although nothing it counted failed: a crash, a time-out, a file that could not be loaded. */
function countRun(name, counts) {
  passed += counts.passed;
  failed += counts.failed;
  if (exitCode(name) !== 0 && counts.failed === 0) fault(`${name}: ended with ${exitCode(name)}`);
}

const tests = readJson("tests.json");
if (!tests) {
  // Past its time limit the run is killed: what had not finished by then hung.
  fault(`tests: ended with ${exitCode("tests")} and no report`);
} else {
  if (tests.numPassedTests === 0) fault("tests: none ran");
  countRun("tests", { passed: tests.numPassedTests, failed: tests.numFailedTests });
  const leftOut = tests.numPendingTests + tests.numTodoTests;
  for (let i = 0; i < leftOut; i++) fault("tests: one was left out");
}

const checks = readJson("checks.json");
if (checks) countRun("checks", checks);
else fault(`checks: ended with ${exitCode("checks")} and no report`);

if (exitCode("benches") !== 0) fault(`benches: could not be listed (${exitCode("benches")})`);
for (const name of fs.readFileSync(path.join(dir, "benches"), "utf8").split("\n").filter(Boolean)) {
  const line = readJson(`${name}.bench`);
  if (exitCode(name) === 0 && line && line.bench === name && line.ok === true) passed += 1;
  else {
    // Repeated here: whoever reads only the end of the run sees why.
    for (const said of lastLines(`${name}.log`, 15)) console.log(`      ${said}`);
    if (line) console.log(`      ${JSON.stringify(line).slice(0, 900)}`);
    fault(`bench ${name}: ended with ${exitCode(name)}${line ? "" : " and no result line"}`);
  }
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
