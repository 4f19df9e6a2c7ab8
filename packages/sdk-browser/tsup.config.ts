import { defineConfig } from "tsup";
import { library } from "../../tsup.base.ts";

const browser = { platform: "browser", target: "es2022" } as const;

export default defineConfig([
  // Leaves the other build's file alone: both run at once.
  library({ ...browser, clean: ["!endcap.js", "!endcap.js.map"] }),
  // The script tag: one file with everything inside, and no module system around it.
  library({
    ...browser,
    entry: { endcap: "src/index.ts" },
    format: "iife",
    globalName: "endcap",
    outExtension: () => ({ js: ".js" }),
    noExternal: [/.*/],
    minify: true,
    dts: false,
    clean: false,
  }),
]);
