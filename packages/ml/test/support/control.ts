import { generateKeyPairSync, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { SnapshotMessage, SnapshotTenant, SnapshotUpstream } from "@endcap/protocol";
import { onTestFinished } from "vitest";
import { closeServer, listenLocally } from "./listen.ts";

export interface Control {
  readonly url: string;
  readonly publicKeyFile: string;
  /** Replaces everything that receivers know. */
  publish(tenants: SnapshotTenant[], upstreams: SnapshotUpstream[]): void;
}

/** The snapshot side of control: real sockets, real signatures. */
export async function startControl(dir: string): Promise<Control> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicKeyFile = join(dir, "snapshot.pub.pem");
  writeFileSync(publicKeyFile, publicKey.export({ type: "spki", format: "pem" }));
  const receivers = new Set<ServerResponse>();
  let version = 0;
  let whole: SnapshotMessage[] = [];

  function send(receiver: ServerResponse): void {
    for (const message of whole) {
      const body = JSON.stringify(message);
      const signature = sign(null, Buffer.from(body), privateKey).toString("base64url");
      receiver.write(`${JSON.stringify({ at: Date.now(), body, signature })}\n`);
    }
  }

  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.flushHeaders();
    receivers.add(response);
    response.on("close", () => receivers.delete(response));
    send(response);
  });
  onTestFinished(() => closeServer(server));
  return {
    url: await listenLocally(server),
    publicKeyFile,
    publish(tenants, upstreams) {
      version += 1;
      whole = [
        { kind: "begin", version },
        { kind: "part", version, tenants, upstreams, revokedSessions: [] },
        { kind: "end", version },
      ];
      for (const receiver of receivers) send(receiver);
    },
  };
}
