import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { installWithApt } from "./apt.mjs";
import { fail } from "./say.mjs";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const apps = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** Ubuntu's `chromium-browser` is a script that only says to install a snap, so finding a file is not enough. */
function runs(file) {
  return fs.existsSync(file) && spawnSync(file, ["--version"], { timeout: 20000 }).status === 0;
}

function search() {
  const dirs = (process.env.PATH || "").split(path.delimiter);
  const candidates = apps.slice();
  for (const name of names) candidates.push(...dirs.map((dir) => path.join(dir, name)));
  return candidates.find(runs);
}

/** The path of a Chromium that starts: ENDCAP_CHROMIUM, an installed one, or one fetched from the distribution. */
export function findChromium() {
  const named = process.env.ENDCAP_CHROMIUM;
  if (named) {
    if (!runs(named)) fail(`ENDCAP_CHROMIUM names "${named}", which does not start.`);
    return named;
  }
  let found = search();
  if (!found) {
    installWithApt("chromium", "the browser tests");
    found = search();
  }
  if (!found) {
    fail(
      "The browser tests need Chromium or Chrome: install one or set ENDCAP_CHROMIUM to its path. " +
        "The other tests run with: npm test -- --project unit --project process",
    );
  }
  return found;
}
