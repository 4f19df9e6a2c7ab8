/** Two upstreams that cost next to nothing: nginx for those that pass requests on one by one, a raw socket for ours. */
import { fileURLToPath } from "node:url";
import { acceptance, list } from "./constant-answers.ts";
import { startEdge } from "./edge-process.ts";
import { type ProxyPlace, startNginxWith } from "./foreign-proxies.ts";
import { freePort } from "./ports.ts";

export async function startConstantUpstreams(
  place: Omit<ProxyPlace, "upstreamPort">,
): Promise<{ constant: number; coalesced: number }> {
  const nginx = await startNginxWith(
    "constant",
    { ...place, upstreamPort: 0 },
    {
      server: `access_log off; default_type application/json;
    location = /v1/events { return 200 '${acceptance}'; }
    location / { return 200 '${list}'; }`,
    },
  );
  const coalesced = await freePort();
  const args = [
    "--conditions=@endcap/source",
    fileURLToPath(new URL("constant-server.ts", import.meta.url)),
    String(coalesced),
  ];
  const command = { name: "coalesced-constant", port: coalesced, command: process.execPath, args };
  await startEdge({ ...place, ...command }, place.cleanup);
  return { constant: nginx.port, coalesced };
}
