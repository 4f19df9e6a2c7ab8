import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { NODE_KEY_HEADER, SEALED_TO_HEADER, SignedSnapshotLine, SnapshotMessage } from "@endcap/protocol";
import { Compile } from "typebox/compile";
import { request } from "undici";
import type { InternalIssuer } from "../auth/internal-issuer.ts";
import { createSealingHalf } from "./sealing.ts";

export interface StreamOptions {
  /** Control's origin. */
  readonly url: string;
  readonly issuer: InternalIssuer;
  /** Ed25519 SPKI PEM. Read again for each connection, so that a changed key needs no restart. */
  readonly publicKeyFile: string;
  /** Ask for key material. */
  readonly secrets: boolean;
  /** What the receiver has: control sends the whole only to whoever has another version. */
  readonly heldVersion: number | undefined;
  readonly signal: AbortSignal;
}

export interface SnapshotStream {
  readonly messages: AsyncIterable<SnapshotMessage>;
  /** The key of the `sealed` members on this connection; absent where none were asked for. */
  readonly sealingKey?: KeyObject;
}

const lineCheck = Compile(SignedSnapshotLine);
const messageCheck = Compile(SnapshotMessage);

const lineBytesMax = 64 * 1024 * 1024;
/** Three heartbeats. A connection that is silent for longer is dead, whatever TCP thinks. */
const silenceMsMax = 15_000;
const headersMsMax = 10_000;

/** Connects to control. Every message that comes out has passed the signature and the schema. */
export async function openSnapshotStream(options: StreamOptions): Promise<SnapshotStream> {
  const publicKey = createPublicKey(await readFile(options.publicKeyFile, "utf8"));
  const half = options.secrets ? createSealingHalf() : undefined;
  const headers: Record<string, string> = { authorization: `Bearer ${await options.issuer.token()}` };
  if (half !== undefined) headers[NODE_KEY_HEADER] = half.publicKey;
  const query: Record<string, string> = {};
  if (half !== undefined) query.secrets = "wrapped";
  if (options.heldVersion !== undefined) query.since = String(options.heldVersion);
  const answer = await request(new URL("/internal/v1/snapshot", options.url), {
    query,
    headers,
    signal: options.signal,
    headersTimeout: headersMsMax,
    bodyTimeout: silenceMsMax,
  });
  if (answer.statusCode !== 200) {
    await answer.body.dump();
    throw new Error(`control answered ${answer.statusCode}`);
  }
  const messages = readMessages(answer.body, publicKey);
  if (half === undefined) return { messages };
  const peer = answer.headers[SEALED_TO_HEADER];
  if (typeof peer !== "string") throw new TypeError(`control sent no ${SEALED_TO_HEADER}`);
  return { messages, sealingKey: half.agree(peer) };
}

async function* readMessages(body: AsyncIterable<Buffer>, publicKey: KeyObject): AsyncGenerator<SnapshotMessage> {
  for await (const text of readLines(body)) {
    const line: unknown = JSON.parse(text);
    if (!lineCheck.Check(line)) throw new TypeError("a line is not a signed message");
    const signature = Buffer.from(line.signature, "base64url");
    if (!verify(null, Buffer.from(line.body), publicKey, signature)) throw new TypeError("a signature does not match");
    const message: unknown = JSON.parse(line.body);
    if (!messageCheck.Check(message)) throw new TypeError("a signed message does not fit its schema");
    yield message;
  }
}

async function* readLines(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (let chunk of body) {
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10)) {
      pending.push(chunk.subarray(0, end));
      yield Buffer.concat(pending).toString("utf8");
      pending = [];
      pendingBytes = 0;
      chunk = chunk.subarray(end + 1);
    }
    pendingBytes += chunk.length;
    if (pendingBytes > lineBytesMax) throw new RangeError("a line of the snapshot is too long");
    if (chunk.length > 0) pending.push(chunk);
  }
}
