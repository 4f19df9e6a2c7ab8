import { readFileSync } from "node:fs";

/** One instruction of a Dockerfile, its continued lines joined. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The instructions of each stage, in order. */
export function stagesOf(file: string): Instruction[][] {
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [, name = "", text = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === "FROM") stages.push([]);
    stages.at(-1)?.push({ name, text });
  }
  return stages;
}

export interface Copy {
  readonly sources: readonly string[];
  readonly target: string;
}

/** What a stage takes from the build's context. */
export function copiesOf(stage: readonly Instruction[]): Copy[] {
  return stage
    .filter(({ name, text }) => name === "COPY" && !text.startsWith("--from"))
    .map(({ text }) => {
      const words = text.split(" ");
      return { sources: words.slice(0, -1), target: words.at(-1) ?? "" };
    });
}
