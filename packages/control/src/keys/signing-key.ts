import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writeFileAtomic } from "@endcap/service-kit";

/** An Ed25519 key pair in a PKCS8 PEM file of mode 0600, made at the first call. */
export async function loadSigningKey(file: string): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync("ed25519");
    await writeFileAtomic(file, privateKey.export({ type: "pkcs8", format: "pem" }), 0o600);
  }
  const privateKey = createPrivateKey(readFileSync(file));
  return { privateKey, publicKey: createPublicKey(privateKey) };
}
