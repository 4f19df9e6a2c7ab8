/** Control for a gateway that is measured alone: its snapshot over real sockets, sealed and signed, and a desk for usage. */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
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
/** As control's: a gateway that hears nothing for three of them comes back and is told everything again. */
const heartbeatMs = 5_000;

export interface SnapshotControl {
  readonly url: string;
  readonly publicKeyFile: string;
  /** Sends one change to every gateway that listens. One that connects later is told of the beginning only. */
  push(change: { readonly shops?: readonly BenchShop[]; readonly upstreams?: SnapshotUpstream[] }): void;
  /** Nobody reaches it any more. */
  stop(): void;
}

export async function startSnapshotControl(
  directory: string,
  shops: readonly BenchShop[],
  upstreams: SnapshotUpstream[],
  cleanup: (work: Cleanup) => void,
): Promise<SnapshotControl> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicKeyFile = join(directory, "snapshot.pub.pem");
  writeFileSync(publicKeyFile, publicKey.export({ type: "spki", format: "pem" }));

  const line = (message: SnapshotMessage): string => {
    const body = JSON.stringify(message);
    const signature = sign(null, Buffer.from(body), privateKey).toString("base64url");
    return `${JSON.stringify({ at: Date.now(), body, signature })}\n`;
  };

  const sealed = (key: KeyObject, { tenant, secrets }: BenchShop) => ({
    ...tenant,
    sealed: sealText(key, tenant.id, JSON.stringify(secrets)),
  });
  const streams = new Map<ServerResponse, KeyObject>();
  let version = 1;

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
    response.writeHead(200, { [SEALED_TO_HEADER]: half.publicKey });
    response.write(line({ kind: "begin", version }));
    for (let at = 0; at < upstreams.length; at += partTenants) {
      const part = { tenants: [], upstreams: upstreams.slice(at, at + partTenants), revokedSessions: [] };
      response.write(line({ kind: "part", version, ...part }));
    }
    for (let at = 0; at < shops.length; at += partTenants) {
      const tenants = shops.slice(at, at + partTenants).map((shop) => sealed(key, shop));
      const sent = response.write(line({ kind: "part", version, tenants, upstreams: [], revokedSessions: [] }));
      if (!sent) await once(response, "drain");
    }
    response.write(line({ kind: "end", version }));
    streams.set(response, key);
    response.on("close", () => streams.delete(response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const heartbeat = setInterval(() => {
    for (const response of streams.keys()) response.write(line({ kind: "heartbeat", version }));
  }, heartbeatMs);
  const stop = () => {
    clearInterval(heartbeat);
    server.closeAllConnections();
    server.close();
  };
  cleanup(stop);
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    publicKeyFile,
    push({ shops: changed = [], upstreams: moved = [] }) {
      const previous = version;
      version += 1;
      const nothing = { revokedSessions: [], removedTenants: [], removedUpstreams: [] };
      for (const [response, key] of streams) {
        const tenants = changed.map((shop) => sealed(key, shop));
        response.write(line({ kind: "change", version, previous, tenants, upstreams: moved, ...nothing }));
      }
    },
    stop,
  };
}
