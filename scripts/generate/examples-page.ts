/**
 * Writes docs/examples.md: the applications of examples/apps, in snippets of the files that the check "apps" installs,
 * builds and runs. `--check` fails when the page is not what the files give today.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../checks/check.ts";

/** The lines between `// snippet: name` and `// end`. */
function snippet(file: string, name: string): string {
  const text = readFileSync(join(root, "examples/apps", file), "utf8");
  const found = new RegExp(`^// snippet: ${name}\\n([^]*?)^// end$`, "m").exec(text)?.[1];
  if (found === undefined) throw new Error(`${file} has no snippet ${name}`);
  return `\`\`\`${file.endsWith("x") ? "tsx" : "ts"}\n// examples/apps/${file}\n${found.trimEnd()}\n\`\`\``;
}

const page = `# Three applications

Written by \`scripts/generate/examples-page.ts\`; the snippets are parts of files in [examples/apps](../examples/apps). \`npm run check -- apps\` copies each application, installs it with npm from the packed packages, builds and type-checks it, starts it and uses it: pages are fetched, and Chromium opens those that need it. To take one home, copy its folder and run \`npm install && npm run build && npm start\` with the variables below.

| application | what it shows | variables |
|---|---|---|
| [express](../examples/apps/express) | tracking and rendering on a server, nothing in the browser | \`ENDCAP_ENDPOINT\`, \`ENDCAP_KEY\`, \`ENDCAP_SECRET\` |
| [vite](../examples/apps/vite) | the browser SDK in a bundle | \`VITE_ENDCAP_ENDPOINT\`, \`VITE_ENDCAP_KEY\` (publishable), at build time |
| [next](../examples/apps/next) | server and client components of the App Router | those of express, and \`ENDCAP_PUBLISHABLE_KEY\`; \`ENDCAP_PUBLIC_ENDPOINT\` where browsers reach Endcap at another address |

## Express

One client for the life of the process. The catalogue is written at the start:

${snippet("express/src/server.ts", "client")}

A page is sent with its row in it, and goes out without one when the answer is late:

${snippet("express/src/server.ts", "render")}

Tracking costs the page nothing: an event is queued and leaves within a second, with others.

${snippet("express/src/server.ts", "track")}

${snippet("express/src/server.ts", "close")}

## Vite

The page holds \`<endcap-recommendations placement="product" items="oak-table">\`; this is the rest:

${snippet("vite/src/main.ts", "page")}

## Next.js

The server's client stays on the server:

${snippet("next/lib/endcap.ts", "server")}

A server component puts the list into the page's first bytes. The browser SDK adopts it, asks nothing, and counts impressions and clicks:

${snippet("next/app/page.tsx", "page")}

${snippet("next/app/tracking.tsx", "tracking")}

A client component fetches its row itself:

${snippet("next/app/p/[id]/product.tsx", "product")}

The client runs in the edge runtime as well:

${snippet("next/app/api/related/route.ts", "edge")}
`;

const target = join(root, "docs/examples.md");
if (!process.argv.includes("--check")) writeFileSync(target, page);
else if (readFileSync(target, "utf8") !== page) {
  process.stderr.write("docs/examples.md is not up to date: run node scripts/generate/examples-page.ts\n");
  process.exitCode = 1;
}
