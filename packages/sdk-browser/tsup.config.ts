import { defineConfig } from "tsup";
import { library } from "../../tsup.base.ts";
import { mangleCache, mangleProps } from "./scripts/mangle.ts";

// The npm package. The script tag's files in dist/sdk are made by scripts/build.ts and left alone here.
export default defineConfig(
  library({
    platform: "browser",
    target: "es2022",
    clean: ["!sdk/**"],
    esbuildOptions(options) {
      options.mangleProps = mangleProps;
      options.mangleCache = mangleCache;
    },
  }),
);
