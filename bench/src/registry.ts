import { readdir } from "node:fs/promises";
import type { Bench } from "./bench.ts";

const suffix = ".bench.ts";
const here = new URL(".", import.meta.url);

/** The names of all benches, found by their files, so that adding one edits no list. */
export async function listBenches(): Promise<string[]> {
  const files = await readdir(here);
  return files
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length))
    .sort();
}

export async function loadBench(name: string): Promise<Bench> {
  const module = (await import(new URL(`${name}${suffix}`, here).href)) as { default: Bench };
  return module.default;
}
