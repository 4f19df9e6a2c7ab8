import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrapBody, newAnonymousId, type Session, signedBody, signRequest } from "@endcap/protocol";
import { loadConfig, type Service } from "@endcap/service-kit";
import { afterAll, vi } from "vitest";
import { buildGateway, gatewayConfig } from "../../src/index.ts";
import { type Control, startControl } from "./control.ts";
import type { SecretKey, Shop } from "./tenants.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);

/** A gateway with a control and three upstreams around it, all on real sockets. */
export interface Edge {
  readonly url: string;
  readonly adminUrl: string;
  readonly gateway: Service;
  readonly control: Control;
  readonly collector: Upstream;
  readonly ml: Upstream;
  readonly recommender: Upstream;
  readonly directory: string;
  readonly config: Record<string, string>;
  /** Moves the gateway's clock. */
  clock: { offsetMs: number };
  /** Waits until the gateway uses control's newest version. */
  settled(): Promise<void>;
}

/** Started for a whole test file, and stopped after it. */
export async function startEdge(shops: readonly Shop[], overrides: Record<string, string> = {}): Promise<Edge> {
  const directory = mkdtempSync(join(tmpdir(), "endcap-gateway-"));
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const keyFile = join(directory, "shared.key");
  const jwksFile = join(directory, "jwks.json");
  writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(jwksFile, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "shared" }] }));

  const clock = { offsetMs: 0 };
  const now = () => Date.now() + clock.offsetMs;
  const [collector, ml, recommender] = await Promise.all([
    startUpstream("collector", jwksFile, { now }),
    startUpstream("ml", jwksFile, { now }),
    startUpstream("recommender", jwksFile, { now }),
  ]);
  const upstreams = [collector, ml, recommender].map(({ snapshot }) => snapshot);
  const control = await startControl(directory, shops, upstreams);
  const env = {
    ENDCAP_GATEWAY_PORT: "0",
    ENDCAP_GATEWAY_ADMIN_PORT: "0",
    ENDCAP_GATEWAY_LOG_LEVEL: "silent",
    ENDCAP_GATEWAY_DRAIN_MS_MAX: "1000",
    ENDCAP_GATEWAY_CONTROL_URL: control.url,
    ENDCAP_GATEWAY_SNAPSHOT_PUBLIC_KEY_FILE: control.publicKeyFile,
    ENDCAP_GATEWAY_NODE_DIR: join(directory, "node"),
    ENDCAP_GATEWAY_KEY_FILE: keyFile,
    ENDCAP_GATEWAY_SDK_DIR: directory,
    ENDCAP_GATEWAY_ADDRESS_BURST: "10000",
    ENDCAP_GATEWAY_REFUSALS_BURST: "10000",
    // The test shares its event loop with the gateway, and makes it late in its own ways.
    ENDCAP_GATEWAY_OVERLOAD_DELAY_MS: "0",
    ...overrides,
  };
  const { config } = await loadConfig(gatewayConfig, { env });
  const gateway = await buildGateway(config, { now });
  const { url, adminUrl } = await gateway.listen();

  const settled = async () => {
    const inUse = async () => (await send(`${adminUrl}/internal/v1/status`, {})).body.snapshotVersion;
    await vi.waitUntil(async () => (await inUse()) === control.version, { timeout: 5_000, interval: 10 });
  };
  afterAll(async () => {
    await gateway.close();
    await Promise.all([control.stop(), ...[collector, ml, recommender].map(({ service }) => service.close())]);
    rmSync(directory, { recursive: true, force: true });
  });
  await settled();
  return { url, adminUrl, gateway, control, collector, ml, recommender, directory, config: env, clock, settled };
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // What a test expects of a body is what it asserts of it.
  readonly body: Record<string, unknown> & { code?: string; session?: Session };
}

export async function send(url: string, init: RequestInit): Promise<Reply> {
  const answer = await fetch(url, { redirect: "manual", ...init });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === "" ? {} : JSON.parse(text) };
}

export interface SignOptions {
  readonly body?: unknown;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly contentType?: string;
  readonly now?: number;
  /** Sent beside, and over, what was signed. */
  readonly headers?: Record<string, string>;
}

/** What a signed server request consists of. */
export function signed(url: string, method: string, sk: SecretKey, options: SignOptions = {}): RequestInit {
  const bytes = options.bytes ?? (options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body)));
  const headers = signRequest({
    method,
    url,
    keyId: sk.id,
    requestKey: sk.request,
    now: options.now ?? Date.now(),
    random,
    ...(bytes && { body: bytes, ...(options.contentType !== undefined && { contentType: options.contentType }) }),
  });
  return { method, headers: { ...headers, ...options.headers }, ...(bytes && { body: bytes }) };
}

export function anonymousId(): string {
  return newAnonymousId(random);
}

/** A browser's bootstrap request. */
export function bootstrap(shop: Pick<Shop, "pk" | "origin">, payload: unknown, anonymous = anonymousId()): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "text/plain;charset=UTF-8", origin: shop.origin },
    body: bootstrapBody(shop.pk, anonymous, JSON.stringify(payload)),
  };
}

/** A browser's request under its session. */
export function enveloped(
  origin: string,
  path: string,
  session: Session,
  payload: unknown,
  ms = Date.now(),
): RequestInit {
  const key = Buffer.from(session.signingKey, "base64url");
  return {
    method: "POST",
    headers: { "content-type": "text/plain;charset=UTF-8", origin },
    body: signedBody(session.token, key, "POST", path, ms, JSON.stringify(payload)),
  };
}

export async function openSession(edge: Edge, shop: Shop, anonymous = anonymousId()): Promise<Session> {
  const { body, status } = await send(`${edge.url}/v1/events`, bootstrap(shop, { events: [{}] }, anonymous));
  if (body.session === undefined) throw new Error(`no session: ${status} ${JSON.stringify(body)}`);
  return body.session;
}
