import { defineConfig, type Options } from "tsup";
import { service } from "../../tsup.base.ts";

/** Fastify loads Node's HTTP/2 whether or not it is asked to speak it: 8 MB as it loads, one of which stays. */
const withoutHttp2: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "without-http2",
  setup(build) {
    build.onResolve({ filter: /^node:http2$/ }, () => ({ path: "http2", namespace: "without" }));
    build.onLoad({ filter: /^http2$/, namespace: "without" }, () => ({ contents: "module.exports = {};" }));
  },
};

/**
 * There is one of these processes for each tenant. With its libraries in the bundle, only what they really use is
 * loaded, from a few files: it takes 20 MB less and starts sooner. lmdb stays outside, as it brings a native part.
 */
export default defineConfig(
  service({
    noExternal: [/^(?!lmdb$)/],
    removeNodeProtocol: false,
    esbuildPlugins: [withoutHttp2],
    // V8 keeps a program's text, at two bytes a character as soon as one of them is not Latin-1.
    esbuildOptions(options) {
      options.minifyWhitespace = true;
      options.minifySyntax = true;
      // From the sources, of which it takes the modules that are used: their builds are one module each.
      options.conditions = ["@endcap/source"];
      options.charset = "ascii";
      options.legalComments = "none";
    },
    // Some of the libraries are CommonJS, and ask for Node's own modules by require.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  }),
);
