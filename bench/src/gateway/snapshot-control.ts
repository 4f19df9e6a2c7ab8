/** Control for a gateway that is measured alone: its snapshot over real sockets, sealed and signed, and a desk for usage. */
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import {
  NODE_KEY_HEADER,
  SEALED_TO_HEADER,
  type SnapshotMessage,
  type SnapshotUpstream,
  type UsageAnswer,
  type UsageReport,
} from "@endcap/protocol";
import { createSealingHalf, sealText } from "@endcap/service-kit";
import type { Cleanup } from "../bench.ts";
import { portOf } from "./ports.ts";
import type { BenchShop } from "./shops.ts";

const partTenants = 500;

export async function startSnapshotControl(
  directory: string,
  shops: readonly BenchShop[],
  upstreams: SnapshotUpstream[],
  cleanup: (work: Cleanup) => void,
): Promise<{ url: string; publicKeyFile: string }> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicKeyFile = join(directory, "snapshot.pub.pem");
  writeFileSync(publicKeyFile, publicKey.export({ type: "spki", format: "pem" }));

  const line = (message: SnapshotMessage): string => {
    const body = JSON.stringify(message);
    const signature = sign(null, Buffer.from(body), privateKey).toString("base64url");
    return `${JSON.stringify({ at: Date.now(), body, signature })}\n`;
  };

  const server = createServer(async (request, response) => {
    if (request.url === "/internal/v1/usage") {
      const { records } = (await json(request)) as UsageReport;
      const through = records.at(-1)?.sequence ?? 0;
      const answer: UsageAnswer = { through, totals: [], cursor: 0, more: false, gateways: 1 };
      response.end(JSON.stringify(answer));
      return;
    }
    const half = createSealingHalf();
    const key = half.agree(String(request.headers[NODE_KEY_HEADER]));
    const version = 1;
    response.writeHead(200, { [SEALED_TO_HEADER]: half.publicKey });
    response.write(line({ kind: "begin", version }));
    response.write(line({ kind: "part", version, tenants: [], upstreams, revokedSessions: [] }));
    for (let at = 0; at < shops.length; at += partTenants) {
      const tenants = shops.slice(at, at + partTenants).map(({ tenant, secrets }) => ({
        ...tenant,
        sealed: sealText(key, tenant.id, JSON.stringify(secrets)),
      }));
      const sent = response.write(line({ kind: "part", version, tenants, upstreams: [], revokedSessions: [] }));
      if (!sent) await once(response, "drain");
    }
    response.write(line({ kind: "end", version }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanup(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${portOf(server)}`, publicKeyFile };
}
