import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { EndcapError } from "@endcap/protocol";
import { writeFileAtomic } from "@endcap/service-kit";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** Encrypts secrets for the database. `subject` names what the secret belongs to: sealed bytes moved to another row do not open. */
export interface AtRest {
  seal(secret: Uint8Array, subject: string): Buffer;
  open(sealed: Uint8Array, subject: string): Buffer;
}

/** AES-256-GCM: nonce (12) | ciphertext | tag (16), the subject as additional data. */
export function createAtRest(masterKey: Uint8Array): AtRest {
  return {
    seal(secret, subject) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", masterKey, nonce).setAAD(Buffer.from(subject));
      return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, subject) {
      const end = sealed.length - TAG_BYTES;
      const decipher = createDecipheriv("aes-256-gcm", masterKey, sealed.subarray(0, NONCE_BYTES));
      decipher.setAAD(Buffer.from(subject)).setAuthTag(sealed.subarray(end));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()]);
      } catch (cause) {
        throw new EndcapError("internal", {
          internal: `the secret of ${subject} does not open: control/master.key is not the key it was sealed with`,
          cause,
        });
      }
    },
  };
}

/** Reads the master key (32 bytes as hex), making it at the first start. It never leaves this process. */
export async function loadMasterKey(file: string): Promise<Buffer> {
  if (!existsSync(file)) await writeFileAtomic(file, `${randomBytes(KEY_BYTES).toString("hex")}\n`, 0o600);
  const text = readFileSync(file, "utf8").trim();
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw new EndcapError("config_invalid", { detail: `${file} does not hold 32 bytes as hex.` });
  }
  return Buffer.from(text, "hex");
}
