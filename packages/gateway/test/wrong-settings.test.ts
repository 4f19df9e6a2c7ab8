import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, loadConfig } from "@endcap/service-kit";
import { expect, it } from "vitest";
import { buildGateway, gatewayConfig } from "../src/index.ts";
import { startEdge } from "./support/edge.ts";

const edge = await startEdge([]);
const tls = (name: string) => join(import.meta.dirname, "support", "tls", name);
const inEdge = (name: string) => join(edge.directory, name);
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
writeFileSync(inEdge("rsa.key"), rsa.privateKey.export({ type: "pkcs8", format: "pem" }));
writeFileSync(inEdge("words"), "hunter2");

type Settings = Readonly<Record<string, string>>;

/** What the start of a gateway says is wrong, by setting. */
async function faultsOf(settings: Settings): Promise<Record<string, string>> {
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`ENDCAP_GATEWAY_${name}`, value]));
  const build = async () => buildGateway((await loadConfig(gatewayConfig, { env: { ...edge.config, ...env } })).config);
  const thrown: unknown = await build().then(
    (service) => service.close(),
    (error: unknown) => error,
  );
  if (!(thrown instanceof ConfigError)) throw thrown;
  expect(thrown.message).not.toContain("hunter2");
  return Object.fromEntries(thrown.faults.map(({ key, message }) => [key, message]));
}

it.each<[what: string, settings: Settings, faults: Record<string, unknown>]>([
  [
    "files that are not there",
    { KEY_FILE: inEdge("no.key"), SNAPSHOT_PUBLIC_KEY_FILE: inEdge("no.pem"), UPSTREAM_CA_FILE: inEdge("no.ca") },
    {
      keyFile: `${inEdge("no.key")}: no such file`,
      snapshotPublicKeyFile: `${inEdge("no.pem")}: no such file`,
      upstreamCaFile: `${inEdge("no.ca")}: no such file`,
    },
  ],
  [
    "files that hold something else",
    { KEY_FILE: inEdge("rsa.key"), SNAPSHOT_PUBLIC_KEY_FILE: inEdge("words"), UPSTREAM_CA_FILE: inEdge("words") },
    {
      keyFile: `${inEdge("rsa.key")} must hold an Ed25519 private key, PKCS8 PEM`,
      snapshotPublicKeyFile: `${inEdge("words")} must hold an Ed25519 public key, PEM`,
      upstreamCaFile: `${inEdge("words")} must hold certificates, PEM`,
    },
  ],
  ["a directory for a file", { KEY_FILE: edge.directory }, { keyFile: `${edge.directory}: cannot be read` }],
  [
    "a certificate without its key",
    { UPSTREAM_CERT_FILE: tls("client.pem") },
    { upstreamKeyFile: "required beside upstreamCertFile" },
  ],
  [
    "a key without its certificate",
    { UPSTREAM_KEY_FILE: tls("client.key") },
    { upstreamCertFile: "required beside upstreamKeyFile" },
  ],
  [
    "a certificate with another's key",
    { UPSTREAM_CERT_FILE: tls("client.pem"), UPSTREAM_KEY_FILE: tls("server.key") },
    { upstreamKeyFile: expect.stringContaining("not the key of upstreamCertFile") },
  ],
  [
    "addresses that nobody can call",
    { CONTROL_URL: "http://a:b", PUBLIC_URL: "https://a:b", OTLP_URL: "http://", REDIS_URL: "redis://:hunter2@@@" },
    {
      controlUrl: "not an address that can be called",
      publicUrl: "not an address that can be called",
      otlpUrl: "not an address that can be called",
      redisUrl: "not an address that can be called",
    },
  ],
  ["a host for an address", { CONTROL_URL: "localhost:7400" }, { controlUrl: "must match ^https?://[^/]+$" }],
  [
    "both where tenants may come from",
    { SNAPSHOT_FILE: "gateway.yaml" },
    { controlUrl: "a standalone gateway (snapshotFile) has no control" },
  ],
])("a gateway with %s does not start, and says so by setting", async (_what, settings, faults) => {
  expect(await faultsOf(settings)).toEqual(faults);
});
