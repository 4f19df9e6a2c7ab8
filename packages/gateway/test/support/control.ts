import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import { NODE_KEY_HEADER, SEALED_TO_HEADER, type SnapshotMessage, type SnapshotUpstream } from "@endcap/protocol";
import { createSealingHalf, sealText } from "@endcap/service-kit";
import type { Shop } from "./tenants.ts";
import { createUsageDesk, type UsageDesk } from "./usage-desk.ts";

export interface ControlChange {
  readonly shops?: readonly Shop[];
  readonly upstreams?: readonly SnapshotUpstream[];
  readonly removedTenants?: string[];
  readonly revokedSessions?: { jti: string; until: number }[];
}

/** Control's snapshot stream and its usage desk: real sockets, seals and signatures. */
export interface Control {
  readonly url: string;
  readonly publicKeyFile: string;
  readonly version: number;
  readonly usage: UsageDesk;
  push(change: ControlChange): void;
  stop(): Promise<void>;
}

export async function startControl(
  directory: string,
  shops: readonly Shop[],
  upstreams: SnapshotUpstream[],
): Promise<Control> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicKeyFile = join(directory, "snapshot.pub.pem");
  writeFileSync(publicKeyFile, publicKey.export({ type: "spki", format: "pem" }));
  const streams = new Map<ServerResponse, KeyObject>();
  // What a gateway that connects later is told.
  const held = new Map(shops.map((shop) => [shop.tenant.id, shop]));
  const known = new Map(upstreams.map((upstream) => [upstream.id, upstream]));
  let version = 1;

  const sealed = (key: KeyObject, { tenant, secrets }: Shop) => ({
    ...tenant,
    sealed: sealText(key, tenant.id, JSON.stringify(secrets)),
  });

  const usage = createUsageDesk();
  const server = createServer((request, response) => {
    if (request.url === "/internal/v1/usage") {
      void usage.answer(request, response);
      return;
    }
    const half = createSealingHalf();
    const key = half.agree(String(request.headers[NODE_KEY_HEADER]));
    response.writeHead(200, { [SEALED_TO_HEADER]: half.publicKey });
    streams.set(response, key);
    const tenants = [...held.values()].map((shop) => sealed(key, shop));
    send(response, privateKey, { kind: "begin", version });
    send(response, privateKey, { kind: "part", version, tenants, upstreams: [...known.values()], revokedSessions: [] });
    send(response, privateKey, { kind: "end", version });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return {
    url: `http://127.0.0.1:${address.port}`,
    publicKeyFile,
    usage,
    get version() {
      return version;
    },
    push(change) {
      const previous = version;
      version += 1;
      for (const shop of change.shops ?? []) held.set(shop.tenant.id, shop);
      for (const upstream of change.upstreams ?? []) known.set(upstream.id, upstream);
      for (const id of change.removedTenants ?? []) held.delete(id);
      for (const [response, key] of streams) {
        send(response, privateKey, {
          kind: "change",
          version,
          previous,
          tenants: (change.shops ?? []).map((shop) => sealed(key, shop)),
          upstreams: [...(change.upstreams ?? [])],
          revokedSessions: change.revokedSessions ?? [],
          removedTenants: change.removedTenants ?? [],
          removedUpstreams: [],
        });
      }
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function send(response: ServerResponse, key: KeyObject, message: SnapshotMessage): void {
  const body = JSON.stringify(message);
  const signature = sign(null, Buffer.from(body), key).toString("base64url");
  response.write(`${JSON.stringify({ at: Date.now(), body, signature })}\n`);
}
