import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { ConfigError, type ConfigFault } from "@endcap/service-kit";
import type { GatewayConfig } from "./config.ts";

const urls = ["controlUrl", "publicUrl", "otlpUrl", "redisUrl"] as const;

/**
 * What the schema cannot say: files that have to be there and hold what they are named for, addresses that are some. Told
 * at the start, all at once, where the process would otherwise end in a stack or wait for ever.
 * @throws ConfigError
 */
export function checkSettings(config: GatewayConfig): void {
  const faults: ConfigFault[] = [];
  const blame = (key: keyof GatewayConfig, message: string) =>
    void faults.push({ key, where: "configuration", message });

  for (const key of urls) {
    const url = config[key];
    if (url !== undefined && !URL.canParse(url)) blame(key, "not an address that can be called");
  }

  /** @param is throws when the text is not what is expected */
  function checkFile(key: "keyFile" | "snapshotPublicKeyFile" | "upstreamCaFile", what: string, is: Judge): void {
    const file = config[key];
    if (file === undefined) return;
    const text = read(key, file);
    if (text !== undefined && !holds(text, is)) blame(key, `${file} must hold ${what}`);
  }

  function read(key: keyof GatewayConfig, file: string): string | undefined {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
      blame(key, `${file}: ${missing ? "no such file" : "cannot be read"}`);
      return undefined;
    }
  }

  checkFile("keyFile", "an Ed25519 private key, PKCS8 PEM", (text) => isEd25519(createPrivateKey(text)));
  checkFile("snapshotPublicKeyFile", "an Ed25519 public key, PEM", (text) => isEd25519(createPublicKey(text)));
  checkFile("upstreamCaFile", "certificates, PEM", (text) => new X509Certificate(text));

  const { upstreamCertFile, upstreamKeyFile } = config;
  if (upstreamCertFile !== undefined && upstreamKeyFile !== undefined) {
    const cert = read("upstreamCertFile", upstreamCertFile);
    const key = read("upstreamKeyFile", upstreamKeyFile);
    if (cert !== undefined && key !== undefined && !holds(cert, () => createSecureContext({ cert, key }))) {
      blame("upstreamKeyFile", "not the key of upstreamCertFile, or either of them no PEM");
    }
  } else if (upstreamCertFile !== undefined) blame("upstreamKeyFile", "required beside upstreamCertFile");
  else if (upstreamKeyFile !== undefined) blame("upstreamCertFile", "required beside upstreamKeyFile");

  if (faults.length > 0) throw new ConfigError("gateway", faults);
}

/** Throws, or answers what counts as no. */
type Judge = (text: string) => unknown;

function holds(text: string, is: Judge): boolean {
  try {
    return Boolean(is(text));
  } catch {
    return false;
  }
}

const isEd25519 = ({ asymmetricKeyType }: { asymmetricKeyType?: string }): boolean => asymmetricKeyType === "ed25519";
