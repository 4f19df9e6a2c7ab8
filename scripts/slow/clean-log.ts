import { stripVTControlCharacters } from "node:util";

export interface Machine {
  /** Where the clone lies. */
  readonly root: string;
  /** The directory for temporary files. */
  readonly temporary: string;
  readonly host: string;
}

/** A test's output as it may be committed: no colours, and nothing that names the machine it ran on. */
export function cleanLog(text: string, { root, temporary, host }: Machine): string {
  const named: [string, string][] = [
    [root, "<clone>"],
    [temporary, "<temporary>"],
    ...(host === "localhost" ? [] : [[host, "<host>"] satisfies [string, string]]),
  ];
  const plain = named.reduce((cleaned, [from, to]) => cleaned.replaceAll(from, to), stripVTControlCharacters(text));
  return `${plain
    .replaceAll(/(^|[\s"'`(=:])(?:\/(?:home|root|Users|work)(?:\/[\w.@+-]+)+)/gm, "$1<path>")
    .replaceAll(/[ \t]+$/gm, "")
    .trim()}\n`;
}
