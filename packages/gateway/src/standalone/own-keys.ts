import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "@endcap/service-kit";
import type { SessionMaster } from "./resolve.ts";

/**
 * The key that signs this gateway's internal tokens, made in its directory on first use, with `jwks.json` beside it: the
 * file that collectors and ml are given to trust it by.
 */
export async function ownInternalKey(nodeDir: string, group: string): Promise<string> {
  const keyFile = join(nodeDir, "internal.key");
  const pem = await readOrMake(keyFile, () =>
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  );
  const jwk = { ...createPublicKey(pem).export({ format: "jwk" }), kid: group, alg: "EdDSA", use: "sig" };
  await writeFileAtomic(join(nodeDir, "jwks.json"), `${JSON.stringify({ keys: [jwk] }, null, 2)}\n`, 0o644);
  return keyFile;
}

/** The session master of a gateway that was given none: its sessions outlive restarts, and are no other gateway's. */
export async function ownSessionMaster(nodeDir: string): Promise<SessionMaster> {
  const text = await readOrMake(join(nodeDir, "session.key"), () => randomBytes(32).toString("hex"));
  return { generation: "own", key: Uint8Array.from(Buffer.from(text, "hex")) };
}

async function readOrMake(file: string, make: () => string): Promise<string> {
  await mkdir(join(file, ".."), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, make(), { mode: 0o600 });
  try {
    // A link, not a rename: of two processes that start together the first one's key stays.
    await link(temporary, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return (await readFile(file, "utf8")).trim();
}
