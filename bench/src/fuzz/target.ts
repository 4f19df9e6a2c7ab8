/** The gateway under attack: the built program in a process of its own, standalone, with limits that are out of the way. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { decodeSecret, deriveKeys, newKeyId, newSecret, type RandomBytes } from "@endcap/protocol";
import type { Cleanup } from "../bench.ts";
import { rssBytes } from "../gateway/cpu.ts";

const server = fileURLToPath(new URL("../../../packages/gateway/dist/server.js", import.meta.url));
const random: RandomBytes = (bytes) => crypto.getRandomValues(bytes);

export interface SecretKey {
  readonly id: string;
  readonly secret: string;
}

export interface ShopKeys {
  readonly publishable: string;
  /** Signs. */
  readonly signing: SecretKey & { readonly requestKey: Uint8Array };
  /** Is sent as it is. */
  readonly bearer: SecretKey;
}

export interface Target {
  readonly host: string;
  readonly port: number;
  /** Two tenants: what one signs must never pass for the other. */
  readonly shops: readonly [ShopKeys, ShopKeys];
  readonly origin: string;
  /** How often the process has ended. */
  readonly crashes: () => number;
  readonly rssBytes: () => number;
}

const newSecretKey = (): SecretKey => ({ id: newKeyId("secret", "live", random), secret: newSecret(random) });

export function newShop(): ShopKeys {
  const key = newSecretKey();
  const bytes = decodeSecret(key.secret);
  if (bytes === null) throw new TypeError("a new secret is well formed");
  const { request } = deriveKeys(key.id, bytes);
  const publishable = newKeyId("publishable", "live", random);
  return { publishable, signing: { ...key, requestKey: request }, bearer: newSecretKey() };
}

const origin = "https://shop.example";

const variable = (id: string) => `SECRET_${id.toUpperCase()}`;

const secretYaml = ({ id }: SecretKey) => `
      - id: ${id}
        secret: { env: ${variable(id)} }`;

const tenantYaml = ({ publishable, signing, bearer }: ShopKeys, index: number) => `
  - slug: shop-${index}
    origins: [${origin}]
    routes: { collector: collector, ml: ml, recommender: recommender }
    limits: { requestsPerSecond: 1000000, burst: 1000000, inFlightMax: 100000, eventsPerMonth: 1000000000 }
    keys:
      - id: ${publishable}${secretYaml(signing)}${secretYaml(bearer)}`;

export async function startTarget(
  shops: Target["shops"],
  upstream: string,
  requestMsMax: number,
  cleanup: (work: Cleanup) => void,
): Promise<Target> {
  const dir = await mkdtemp(join(tmpdir(), "endcap-fuzz-"));
  cleanup(() => rm(dir, { recursive: true, force: true }));
  const secrets = shops.flatMap(({ signing, bearer }) => [signing, bearer]);
  const file = join(dir, "gateway.yaml");
  await writeFile(
    file,
    `upstreams:
  - { id: collector, url: ${upstream} }
  - { id: ml, url: ${upstream} }
  - { id: recommender, url: ${upstream} }
tenants:${shops.map(tenantYaml).join("")}
`,
  );
  const child = spawn(process.execPath, [server], {
    cwd: dir,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      ...Object.fromEntries(secrets.map(({ id, secret }) => [variable(id), secret])),
      ENDCAP_GATEWAY_SNAPSHOT_FILE: file,
      ENDCAP_GATEWAY_NODE_DIR: join(dir, "node"),
      ENDCAP_GATEWAY_REQUEST_MS_MAX: String(requestMsMax),
      ENDCAP_GATEWAY_PORT: "0",
      ENDCAP_GATEWAY_ADMIN_PORT: "0",
      ENDCAP_GATEWAY_ADDRESS_REQUESTS_PER_SECOND: "1000000",
      ENDCAP_GATEWAY_ADDRESS_BURST: "1000000",
      ENDCAP_GATEWAY_BROWSER_REQUESTS_PER_SECOND: "1000000",
      ENDCAP_GATEWAY_BROWSER_BURST: "1000000",
      ENDCAP_GATEWAY_SESSION_REQUESTS_PER_SECOND: "1000000",
      ENDCAP_GATEWAY_SESSION_BURST: "1000000",
      // A busy machine is no reason to refuse here.
      ENDCAP_GATEWAY_OVERLOAD_DELAY_MS: "0",
      // Each refusal has to say its reason.
      ENDCAP_GATEWAY_REFUSALS_PER_SECOND: "1000000",
      ENDCAP_GATEWAY_REFUSALS_BURST: "1000000",
    },
  });
  let crashes = 0;
  let stopping = false;
  child.on("exit", () => {
    if (!stopping) crashes += 1;
  });
  cleanup(() => {
    stopping = true;
    child.kill("SIGKILL");
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const found = /listens on http:\/\/[^:]+:(\d+)/.exec(line);
    if (!found) continue;
    // The rest of its log is not looked at; a full pipe would stop it.
    child.stdout.resume();
    const { pid = 0 } = child;
    const rss = () => (crashes === 0 ? rssBytes(pid) : 0);
    return { host: "127.0.0.1", port: Number(found[1]), shops, origin, crashes: () => crashes, rssBytes: rss };
  }
  throw new Error("the gateway ended before it listened");
}
