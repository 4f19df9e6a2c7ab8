import { existsSync, readFileSync } from "node:fs";

const folder = new URL("../../../../shared/vectors/", import.meta.url);

/** A third-party vector file, read from beside the checkout: it is not part of this repository. Missing is an error in CI. */
export function sharedVectors(path: string): string {
  const file = new URL(path, folder);
  if (!existsSync(file))
    throw new Error(`third-party vectors are missing: place them at ../shared/vectors/${path} beside this checkout`);
  return readFileSync(file, "utf8");
}
