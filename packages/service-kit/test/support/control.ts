import { generateKeyPairSync, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { SnapshotMessage, SnapshotTenant, TenantSecrets } from "@endcap/protocol";
import { NODE_KEY_HEADER, SEALED_TO_HEADER, TIERS } from "@endcap/protocol";
import { onTestFinished } from "vitest";
import { createSealingHalf, sealText } from "../../src/index.ts";

/** One connection to control's snapshot route, held by the test. */
export interface Line {
  readonly request: IncomingMessage;
  /** Seals for the receiver of this line. */
  seal(tenant: SnapshotTenant, secrets: TenantSecrets): SnapshotTenant;
  send(...messages: SnapshotMessage[]): void;
  sendRaw(text: string): void;
  end(): void;
}

export interface Control {
  readonly url: string;
  readonly publicKeyFile: string;
  /** The next connection. */
  next(): Promise<Line>;
  stop(): Promise<void>;
}

/** The snapshot side of control, real sockets and signatures, with the test deciding what is sent. */
export async function startControl(directory: string, port = 0): Promise<Control> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const publicKeyFile = join(directory, "snapshot.pub.pem");
  writeFileSync(publicKeyFile, publicKey.export({ type: "spki", format: "pem" }));
  const waiting: Line[] = [];
  let wake: (() => void) | undefined;

  function lineOf(request: IncomingMessage, response: ServerResponse): Line {
    const peer = request.headers[NODE_KEY_HEADER];
    const half = createSealingHalf();
    const key = typeof peer === "string" ? half.agree(peer) : undefined;
    response.writeHead(200, { "content-type": "application/x-ndjson", [SEALED_TO_HEADER]: half.publicKey });
    response.flushHeaders();
    return {
      request,
      seal(tenant, secrets) {
        if (key === undefined) throw new Error("the receiver asked for no secrets");
        return { ...tenant, sealed: sealText(key, tenant.id, JSON.stringify(secrets)) };
      },
      send(...messages) {
        for (const message of messages) {
          const body = JSON.stringify(message);
          const signature = sign(null, Buffer.from(body), privateKey).toString("base64url");
          response.write(`${JSON.stringify({ at: Date.now(), body, signature })}\n`);
        }
      },
      sendRaw: (text) => void response.write(text),
      end: () => void response.end(),
    };
  }

  const server = createServer((request, response) => {
    waiting.push(lineOf(request, response));
    wake?.();
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  onTestFinished(stop);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return {
    url: `http://127.0.0.1:${address.port}`,
    publicKeyFile,
    stop,
    async next() {
      for (;;) {
        const line = waiting.shift();
        if (line !== undefined) return line;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

export function tenantOf(letter: string): SnapshotTenant {
  return {
    id: `tnt-${letter.repeat(16)}`,
    slug: `shop-${letter}`,
    tier: "standard",
    state: "active",
    limits: TIERS.standard.limits,
    origins: ["https://shop.example"],
    settings: { enabled: true, noBearer: false, noBootstrap: false, consent: "none", observeCatalogue: false },
    keys: [],
    routes: { collector: "collector", ml: "ml", recommender: null },
    placements: [],
  };
}

export function secretsOf(word: string): TenantSecrets {
  const key = Buffer.from(word.repeat(32).slice(0, 32)).toString("base64url");
  return {
    keys: { sk_live_x: { request: key, identity: key, bearerHash: key } },
    sessions: [{ generation: "1", key }],
  };
}

export function whole(version: number, ...tenants: SnapshotTenant[]): SnapshotMessage[] {
  const upstreams = [{ id: "collector", kind: "collector" as const, url: "http://127.0.0.1:7402" }];
  return [
    { kind: "begin", version },
    { kind: "part", version, tenants, upstreams, revokedSessions: [] },
    { kind: "end", version },
  ];
}

export function change(version: number, previous: number, ...tenants: SnapshotTenant[]): SnapshotMessage {
  const rest = { upstreams: [], revokedSessions: [], removedTenants: [], removedUpstreams: [] };
  return { kind: "change", version, previous, tenants, ...rest };
}
