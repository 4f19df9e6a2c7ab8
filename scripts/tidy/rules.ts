export interface TidyFile {
  /** Relative to the root. */
  readonly path: string;
  /** Empty for a binary file. */
  readonly text: string;
  readonly bytes: number;
}

export interface TidyRule {
  readonly name: string;
  /** The places where the rule is broken: `:line`, or one empty string for the file as a whole. */
  find(file: TidyFile): string[];
}

const trackedBytesMax = 400 * 1024;
const sourceLinesMax = 500;

const isSource = (path: string) => /\.(ts|mts|mjs|js)$/.test(path);
const isTest = (path: string) => /\.(test|spec)\.ts$/.test(path);
// These two name what is forbidden.
const isOwn = (path: string) => path.startsWith("scripts/tidy/") || path === "scripts/test/tidy.test.ts";

/** A rule over single lines of the files that `applies` picks. */
function lines(name: string, pattern: RegExp, applies: (path: string) => boolean = () => true): TidyRule {
  return {
    name,
    find({ path, text }) {
      if (isOwn(path) || !applies(path)) return [];
      return text.split("\n").flatMap((line, i) => (pattern.test(line) ? [`:${i + 1}`] : []));
    },
  };
}

/** Leftovers that no other tool sees. Each rule has a case in scripts/test/tidy.test.ts. */
export const tidyRules: readonly TidyRule[] = [
  lines("a path of one machine", /(?:^|[\s"'`(=:])\/(?:(?:home|root|Users|work)\/[\w.-]|tmp\/(?!endcap)\w)/),
  lines(
    "a package registry's host",
    /registry\.(?:npmjs\.org|yarnpkg\.com|npmmirror\.com)|npm\.pkg\.github\.com|https?:\/\/[^\s"'`)]+\.tgz\b/,
  ),
  lines("unfinished work", /\b(?:TODO|FIXME|XXX|HACK)\b/),
  lines(
    "a test that is left out",
    /\b(?:it|test|describe|bench|suite)\.(?:only|skip|todo|skipIf|runIf|fails)\b/,
    isTest,
  ),
  lines("a silenced type error", /@ts-(?:ignore|nocheck)\b/, isSource),
  // In a test it is an assertion: the line must not compile.
  lines("an expected type error", /@ts-expect-error\b/, (path) => isSource(path) && !isTest(path)),
  lines(
    "an unexplained lint exception",
    /biome-ignore (?:lint|format|assist)[^:]*:\s*(?:<explanation>)?\s*$/,
    isSource,
  ),
  {
    name: "newer syntax than the bootstrap's Node 12 knows",
    find({ path, text }) {
      if (!/^scripts\/bootstrap(\/|\.mjs$)/.test(path)) return [];
      const newer = /\w\?\.[\w([]|\?\?|\.at\(|\.replaceAll\(|Object\.hasOwn|\|\|=|&&=|^await /;
      return text.split("\n").flatMap((line, i) => {
        const isComment = line.trimStart().startsWith("//");
        return !isComment && newer.test(line) ? [`:${i + 1}`] : [];
      });
    },
  },
  {
    name: `larger than ${trackedBytesMax / 1024} KiB`,
    find: ({ bytes }) => (bytes > trackedBytesMax ? [""] : []),
  },
  {
    name: `longer than ${sourceLinesMax} lines: more than one idea`,
    find: ({ path, text }) => (isSource(path) && text.split("\n").length > sourceLinesMax ? [""] : []),
  },
];
