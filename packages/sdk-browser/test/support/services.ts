/** The real gateway, alone with a file of tenants, and the real collector behind it: a process each, from the sources. */
import { type ChildProcess, fork } from "node:child_process";
import { createHmac, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deriveKeys, newKeyId, newSecret, TIERS } from "@endcap/protocol";
import type { Bundle } from "../../scripts/bundle.ts";

/** What a tenant may change while its pages live; the rest are protocol's defaults. */
export interface Settings {
  readonly enabled?: boolean;
  readonly consent?: "none" | "required";
  readonly observeCatalogue?: boolean;
  readonly firstPartyPath?: string;
}

export interface Services extends AsyncDisposable {
  readonly gateway: string;
  /** The shop's publishable key. */
  readonly key: string;
  /** What the shop's backend says of who is signed in (PROTOCOL.md, user tokens). */
  userToken(userId: string): string;
  /** Resolves when the gateway has taken them over. */
  configure(settings: Settings): Promise<void>;
}

export interface ServicesOptions {
  readonly shop: string;
  readonly ml: string;
  readonly bundle: Bundle;
}

const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);

export async function startServices({ shop, ml, bundle }: ServicesOptions): Promise<Services> {
  const directory = await mkdtemp(join(tmpdir(), "endcap-sdk-browser-"));
  const file = join(directory, "gateway.yaml");
  const jwks = join(directory, "jwks.json");
  const keyFile = join(directory, "shared.key");
  const sdk = join(directory, "sdk");
  const key = newKeyId("publishable", "live", random);
  const secret = { id: newKeyId("secret", "live", random), value: newSecret(random) };

  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await mkdir(sdk);
  await Promise.all([
    writeFile(keyFile, privateKey.export({ type: "pkcs8", format: "pem" })),
    writeFile(jwks, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "shared" }] })),
    writeFile(join(sdk, "v1.js"), bundle.core.bytes),
    ...[bundle.session, bundle.recommendations].map(({ hash, bytes }) => writeFile(join(sdk, `${hash}.js`), bytes)),
  ]);

  const collector = await startService("collector", {
    ENDCAP_COLLECTOR_JWKS_FILE: jwks,
    ENDCAP_COLLECTOR_TABLES: `lmdb:${join(directory, "tables")}`,
  });

  // JSON is YAML.
  const write = async (settings: Settings) => {
    const upstreams = [
      { id: "collector", url: collector.url },
      { id: "ml", url: ml },
    ];
    const keys = [{ id: key }, { id: secret.id, secret: { env: "SHOP_SECRET" } }];
    // All visits are one tenant's.
    const { limits } = TIERS.enterprise;
    await writeFile(
      `${file}.new`,
      JSON.stringify({ upstreams, tenants: [{ slug: "shop", origins: [shop], keys, limits, settings }] }),
    );
    await rename(`${file}.new`, file);
  };
  let written: Settings = {};
  await write(written);
  const gateway = await startService("gateway", {
    ENDCAP_GATEWAY_SNAPSHOT_FILE: file,
    ENDCAP_GATEWAY_NODE_DIR: join(directory, "node"),
    ENDCAP_GATEWAY_KEY_FILE: keyFile,
    ENDCAP_GATEWAY_SDK_DIR: sdk,
    // All visits come from one address.
    ENDCAP_GATEWAY_ADDRESS_BURST: "10000",
    // A browser, a bundler and three servers share few cores: being late is no sign of overload here.
    ENDCAP_GATEWAY_OVERLOAD_DELAY_MS: "0",
    SHOP_SECRET: secret.value,
  });
  const version = async (): Promise<number> => {
    const answer = await fetch(`${gateway.adminUrl}/internal/v1/status`);
    return ((await answer.json()) as { snapshotVersion: number }).snapshotVersion;
  };

  return {
    gateway: gateway.url,
    key,
    userToken: (userId) => userToken(secret.id, Buffer.from(secret.value, "base64url"), userId),
    async configure(settings) {
      if (JSON.stringify(settings) === JSON.stringify(written)) return;
      const before = await version();
      await write(settings);
      written = settings;
      while ((await version()) === before) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([gateway.stop(), collector.stop()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function userToken(kid: string, secret: Uint8Array, sub: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const iat = Math.floor(Date.now() / 1000);
  const input = `${part({ alg: "HS256", typ: "JWT", kid })}.${part({ sub, iat, exp: iat + 3600 })}`;
  const mac = createHmac("sha256", deriveKeys(kid, secret).identity).update(input).digest("base64url");
  return `${input}.${mac}`;
}

/** What a service tells its parent (service-kit's `ReadyMessage`). */
type Ready =
  | { readonly ready: true; readonly url: string; readonly adminUrl: string }
  | { readonly ready: false; readonly message: string };

interface Running {
  readonly url: string;
  readonly adminUrl: string;
  stop(): Promise<void>;
}

/** A child that loses its parent ends by itself. */
async function startService(name: "gateway" | "collector", env: Record<string, string>): Promise<Running> {
  const prefix = `ENDCAP_${name.toUpperCase()}`;
  const child: ChildProcess = fork(join(import.meta.dirname, "..", "..", "..", name, "src", "server.ts"), {
    env: {
      ...process.env,
      [`${prefix}_PORT`]: "0",
      [`${prefix}_ADMIN_PORT`]: "0",
      [`${prefix}_LOG_LEVEL`]: "silent",
      [`${prefix}_DRAIN_MS_MAX`]: "1000",
      ...env,
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(([code]): never => {
    throw new Error(`${name} ended with ${code}`);
  });
  const [ready] = (await Promise.race([once(child, "message"), ended])) as [Ready];
  if (!ready.ready) throw new Error(`${name}: ${ready.message}`);
  return {
    url: ready.url,
    adminUrl: ready.adminUrl,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}
