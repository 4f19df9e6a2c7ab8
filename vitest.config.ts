import { defineConfig } from "vitest/config";

// Workspace packages resolve to their TypeScript sources, so no test ever runs against a stale dist/.
const condition = "@endcap/source";

// Everywhere a test may live: beside its package, its bench or its example.
const rooms = ["packages/*/test", "bench/test", "examples/*/test", "scripts/test"];
const named = (suffix: string) => rooms.map((room) => `${room}/**/*${suffix}`);

const shared = {
  environment: "node",
  pool: "forks",
  // For child processes that tests start (servers, workers, CLIs): they inherit the condition from here.
  env: { NODE_OPTIONS: `--conditions=${condition}` },
  restoreMocks: true,
} as const;

/**
 * Needs what a clone does not bring (a server of another project, minutes, gigabytes): only `npm run slow -- <name>`
 * runs it, one file a time, so that no `npm test` and no CI run waits for it.
 */
const slow = {
  extends: true,
  test: {
    ...shared,
    name: "slow",
    include: named(".slow.test.ts"),
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    fileParallelism: false,
  },
} as const;

/**
 * Three kinds of test, all run by `npm test`; `npx vitest run --project unit` runs one kind.
 *
 * - unit     `*.test.ts`           in one process, milliseconds
 * - process  `*.process.test.ts`   starts, kills and restarts real processes, seconds to minutes; one file at a time
 * - browser  `*.browser.test.ts`   drives a real Chromium; one file at a time
 */
export default defineConfig({
  resolve: { conditions: [condition, "module", "node", "development|production"] },
  ssr: {
    resolve: {
      conditions: [condition, "module", "node", "development|production"],
      // Vitest hands these to its workers as --conditions, for what Vite leaves to Node's own resolver.
      externalConditions: [condition, "node"],
    },
  },
  test: {
    projects: [
      ...(process.env.ENDCAP_SLOW === "1" ? [slow] : []),
      {
        extends: true,
        test: {
          ...shared,
          name: "unit",
          include: named(".test.ts"),
          exclude: [
            "**/node_modules/**",
            ...[".process", ".browser", ".slow"].flatMap((kind) => named(`${kind}.test.ts`)),
          ],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          // Vitest's own default leaves one core to itself, which on two cores is half of them.
          maxWorkers: "100%",
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: "process",
          include: named(".process.test.ts"),
          testTimeout: 180_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: "browser",
          include: named(".browser.test.ts"),
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
