/** What a shop page pays, in bytes after brotli. One source for `npm run size` and for the check in CI. */
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { bundleModule, bundleScript } from "./bundle.ts";

/** Peers: Algolia Recommend 5.9 kB, Recombee 11.7, Segment 27.4. A budget is a promise to shops: raise one only with the reason in the commit. */
export const BUDGETS = {
  /** The script tag: every byte before a new visitor's first acknowledged event. */
  coreBytes: 5000,
  /** Recommendations and their element, loaded when a page has some. */
  recommendationsBytes: 5000,
  /** Signing, signing in and salvage, loaded once there is a session: after the first acknowledgement, then from the cache. */
  sessionBytes: 1600,
  /** `import { init, track }`, bundled: all that is not loaded on demand. */
  moduleBytes: 5000,
} as const;

export type Sizes = Record<keyof typeof BUDGETS, number>;

export const brotliBytes = (bytes: Uint8Array): number =>
  brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  }).length;

export async function measureSizes(): Promise<Sizes> {
  const { core, session, recommendations } = await bundleScript();
  const module = await bundleModule(
    `import { init, track } from "./index.ts"; init({ key: "", endpoint: "" }); track("page_view");`,
    fileURLToPath(new URL("../src/", import.meta.url)),
  );
  return {
    coreBytes: brotliBytes(core.bytes),
    recommendationsBytes: brotliBytes(recommendations.bytes),
    sessionBytes: brotliBytes(session.bytes),
    moduleBytes: brotliBytes(module),
  };
}

/** The figures that are over their budget. */
export const overBudget = (sizes: Sizes): (keyof Sizes)[] =>
  (Object.keys(BUDGETS) as (keyof Sizes)[]).filter((name) => sizes[name] > BUDGETS[name]);
