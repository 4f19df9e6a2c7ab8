import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { SEALING_INFO } from "@endcap/protocol";

/** One side's half of the key that seals the secrets of one snapshot connection. Never stored. */
export interface SealingHalf {
  /** X25519 public key, base64url of 32 bytes: what travels. */
  readonly publicKey: string;
  /** The 32-byte key that both sides reach. @throws when the other half is no X25519 public key. */
  agree(peerPublicKey: string): KeyObject;
}

/** A fresh half for one connection, so that a stolen key opens no recorded one. Used by gateways and by control. */
export function createSealingHalf(): SealingHalf {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  const { x } = publicKey.export({ format: "jwk" });
  if (x === undefined) throw new TypeError("an X25519 key without its public point");
  return {
    publicKey: x,
    agree(peer) {
      const shared = diffieHellman({ privateKey, publicKey: importX25519(peer) });
      return createSecretKey(Buffer.from(hkdfSync("sha256", shared, "", SEALING_INFO, 32)));
    },
  };
}

function importX25519(x: string): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
}

const ivBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM, base64url(iv 12 bytes, ciphertext, tag 16). `bound` is authenticated with it and must be given to open.
 * @param key of 32 bytes; as bytes it would be made into an object anew for each text, at three times the cost
 */
export function sealText(key: KeyObject, bound: string, text: string): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(bound));
  return Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64url");
}

/** @throws when the key or the bound text differ, or a byte was changed. */
export function openSealedText(key: KeyObject, bound: string, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64url");
  if (bytes.length < ivBytes + tagBytes) throw new TypeError("sealed text is too short");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, ivBytes))
    .setAAD(Buffer.from(bound))
    .setAuthTag(bytes.subarray(-tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()]).toString("utf8");
}
