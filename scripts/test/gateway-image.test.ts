import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { copiesOf, stagesOf } from "../docker/dockerfile.ts";

const root = path.join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const file = "deploy/docker/gateway.Dockerfile";
const [build = [], runtime = []] = stagesOf(path.join(root, file));
const sources = copiesOf(build).flatMap((copy) => copy.sources);

it("everything that the image is built from is there, and let through by the ignore file", () => {
  expect(sources.filter((source) => !existsSync(path.join(root, source)))).toEqual([]);
  const allowed = read(`${file}.dockerignore`)
    .split("\n")
    .filter((line) => line.startsWith("!"))
    .map((line) => line.slice(1));
  expect(sources.filter((source) => !allowed.includes(source.split("/")[0] ?? ""))).toEqual([]);
});

it("every workspace package that the gateway stands on is copied, its manifest first", () => {
  const needed = new Set(["gateway", "sdk-browser"]);
  for (const name of needed) {
    const { dependencies = {} } = JSON.parse(read(`packages/${name}/package.json`));
    for (const dependency of Object.keys(dependencies)) {
      if (dependency.startsWith("@endcap/")) needed.add(dependency.slice("@endcap/".length));
    }
  }
  for (const name of needed) {
    const manifest = sources.indexOf(`packages/${name}/package.json`);
    expect([name, manifest >= 0, sources.indexOf(`packages/${name}`) > manifest]).toEqual([name, true, true]);
  }
});

it("the image is built with the tools that the repository is built with, and runs as nobody", () => {
  const toolchain = read("scripts/bootstrap/toolchain.mjs");
  const pnpm = /pnpmVersion = "([\d.]+)"/.exec(toolchain)?.[1];
  const node = /nodeVersion = "(\d+)/.exec(toolchain)?.[1];
  expect(build.some(({ text }) => text.endsWith(`pnpm@${pnpm}`))).toBe(true);
  expect([build, runtime].map(([from]) => from?.text.startsWith(`node:${node}-`))).toEqual([true, true]);
  expect(runtime.find(({ name }) => name === "USER")?.text).toMatch(/^[1-9]\d*:[1-9]\d*$/);
});

it("Node gets the same flags wherever a gateway is started", () => {
  const programs = read("packages/control/src/provisioner/programs.ts");
  const [, list = ""] = /gatewayOptions = \[([^\]]+)\]/.exec(programs) ?? [];
  const flags = list.match(/--[^"]+/g) ?? [];
  expect(flags).toContainEqual(expect.stringMatching(/^--max-semi-space-size=\d+$/));
  const [, task] = /^ {2}gateway: \{([^}]+)\}/m.exec(read("scripts/bootstrap.mjs")) ?? [];
  const image = runtime.find(({ name }) => name === "ENTRYPOINT")?.text;
  const places = { task, image, bench: read("bench/src/gateway/our-gateway.ts"), page: read("docs/gateway.md") };
  const missing = Object.entries(places).flatMap(([place, text = ""]) =>
    flags.filter((flag) => !text.includes(flag)).map((flag) => `${place}: ${flag}`),
  );
  expect(missing).toEqual([]);
});
