import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const run = (...args: string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL("../src/run.ts", import.meta.url)), ...args], {
    encoding: "utf8",
  });

test("--json prints exactly one line, and its figures are what the bench measured", () => {
  const { status, stdout } = run("fsync", "--json", "--short");
  expect(status).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  const line = JSON.parse(stdout);
  expect(Object.keys(line)).toEqual(["bench", "ok", "figures"]);
  expect(line).toMatchObject({ bench: "fsync", ok: true, figures: { fsyncs: 100 } });
  expect(line.figures.fsyncMsP50).toBeGreaterThan(0);
});

test("without --json a person gets one figure a line", () => {
  const { stdout } = run("fsync", "--short");
  expect(stdout).toMatch(/^fsync: ok\n {2}fsyncs +100\n/);
  expect(stdout).toMatch(/\n {2}machine\.cores +\d+\n/);
});

test("--list names every bench file", () => {
  const files = readdirSync(new URL("../src", import.meta.url)).filter((file) => file.endsWith(".bench.ts"));
  const { stdout } = run("--list");
  expect(stdout.trimEnd().split("\n")).toEqual(files.map((file) => file.replace(".bench.ts", "")).sort());
});

test("a wrong name or option ends with 2, says what there is and prints no result", () => {
  const unknown = run("nothing");
  expect(unknown).toMatchObject({ status: 2, stdout: "" });
  expect(unknown.stderr).toContain("fsync");
  const option = run("fsync", "--depth", "3");
  expect(option).toMatchObject({ status: 2, stdout: "" });
  expect(option.stderr).toContain("--directory");
});

test("a bench that fails prints its line with ok false and ends with 1", () => {
  const { status, stdout, stderr } = run("fsync", "--json", "--directory", "/dev/null");
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toEqual({ bench: "fsync", ok: false, figures: {} });
  expect(stderr).toContain("ENOTDIR");
});
