/** Requests signed beforehand and written to a file, so that the load generator only sends them. */
import { createHmac, createSecretKey, hash, randomBytes } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { envelopeSigningPrefix } from "@endcap/protocol";
import { seededRandom } from "../stack/small-shop.ts";
import type { BenchSession, BenchShop } from "./shops.ts";

export type CorpusKind = "ec1Events" | "rfc9421Events" | "ec1Recommendations" | "rfc9421Recommendations";

export interface Corpus {
  /** The requests' bytes one after the other; beside it `<file>.index`, where each starts, as uint32. */
  readonly file: string;
  readonly requests: number;
}

const eventBytes = 1024;

/** The k-th most active of n sessions is asked for 1/k as often: Zipf's law, as shoppers are. */
function zipf(n: number, seed: number): () => number {
  const next = seededRandom(seed);
  const sums = new Float64Array(n);
  let sum = 0;
  for (let k = 0; k < n; k++) {
    sum += 1 / (k + 1);
    sums[k] = sum;
  }
  return () => {
    const target = next() * sum;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < target) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Version 7 ids of one millisecond, each new: its random part is a counter after a random start. */
function idMaker(now: number): () => string {
  const time = now.toString(16).padStart(12, "0");
  const start = `${time.slice(0, 8)}-${time.slice(8)}-7${randomBytes(2).toString("hex").slice(1)}-8${randomBytes(2).toString("hex").slice(1)}-`;
  let count = randomBytes(5).readUIntBE(0, 5);
  return () => {
    count += 1;
    return start + count.toString(16).padStart(12, "0");
  };
}

/** One event as a page sends it, filled up to 1 KB: the batch's and the event's id are new each time. */
function eventPayloads(now: number): () => string {
  const newId = idMaker(now);
  const at = new Date(now).toISOString();
  const page = `"page":{"url":"https://shop.example/products/oak-table","referrer":"https://shop.example/","title":"Oak table"}`;
  const text = (batchId: string, id: string, note: string) =>
    `{"batchId":"${batchId}","events":[{"id":"${id}","type":"view_item","at":"${at}","items":[{"id":"sku-${id.slice(-5)}","quantity":1,"price":19.99}],"currency":"EUR",${page},"context":{"note":"${note}"}}]}`;
  // Never the same text twice: some runtimes hash long strings by a few of their characters, and would only meet here
  // what no shop sends.
  const noteBytes = eventBytes - text(newId(), newId(), "").length;
  const pool = randomBytes(48 * 1024).toString("base64url");
  let start = 0;
  return () => {
    start = (start + 61) % (pool.length - noteBytes);
    return text(newId(), newId(), pool.slice(start, start + noteBytes));
  };
}

function recommendationPayload(): string {
  return `{"placement":"product","items":["sku-${randomBytes(3).toString("hex")}"],"context":{"recent":[]},"limit":12}`;
}

export interface CorpusOptions {
  readonly kind: CorpusKind;
  readonly requests: number;
  readonly sessions: readonly BenchSession[];
  readonly shop: BenchShop;
  readonly file: string;
  readonly seed: number;
  /** One after the other instead of by Zipf's law: so that every session has been met. */
  readonly inTurn?: boolean;
}

/** Signs and writes `requests` requests to `127.0.0.1`; the authority is the same for whoever is asked. */
export function writeCorpus({ kind, requests, sessions, shop, file, seed, inTurn }: CorpusOptions): Corpus {
  const path = kind.endsWith("Events") ? "/v1/events" : "/v1/recommendations";
  const isEnvelope = kind.startsWith("ec1");
  const now = Date.now();
  const newEvent = eventPayloads(now);
  const next = zipf(sessions.length, seed);
  const keys = sessions.map(({ signingKey }) => createSecretKey(signingKey));
  const requestKey = createSecretKey(shop.requestKey);
  const out = openSync(file, "w");
  const offsets = new Uint32Array(requests + 1);
  let chunk: string[] = [];
  let position = 0;
  for (let i = 0; i < requests; i++) {
    const payload = kind.endsWith("Events") ? newEvent() : recommendationPayload();
    const which = inTurn ? i % sessions.length : next();
    const text = isEnvelope
      ? enveloped(path, sessions[which] as BenchSession, keys[which] as (typeof keys)[number], now, payload)
      : signed(path, shop, requestKey, now, payload);
    offsets[i] = position;
    position += text.length;
    chunk.push(text);
    if (chunk.length === 1_000) {
      writeSync(out, chunk.join(""));
      chunk = [];
    }
  }
  offsets[requests] = position;
  writeSync(out, chunk.join(""));
  closeSync(out);
  const index = openSync(`${file}.index`, "w");
  writeSync(index, offsets);
  closeSync(index);
  return { file, requests };
}

/** What a request names as its host; nobody looks it up. */
const authority = "edge.shop.example";

function enveloped(
  path: string,
  { token, origin }: BenchSession,
  key: ReturnType<typeof createSecretKey>,
  now: number,
  payload: string,
): string {
  const mac = createHmac("sha256", key)
    .update(envelopeSigningPrefix("POST", path, now))
    .update(payload);
  const body = `EC1 ${token} ${now} ${mac.digest("base64url")}\n${payload}`;
  return `POST ${path} HTTP/1.1\r\nhost: ${authority}\r\norigin: ${origin}\r\ncontent-type: text/plain;charset=UTF-8\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

function signed(
  path: string,
  { secretKey }: BenchShop,
  key: ReturnType<typeof createSecretKey>,
  now: number,
  payload: string,
): string {
  const digest = `sha-256=:${hash("sha256", payload, "base64")}:`;
  const parameters = `("@method" "@authority" "@path" "@query" "content-digest" "content-type");created=${Math.floor(now / 1000)};nonce="${randomBytes(16).toString("base64url")}";keyid="${secretKey}";alg="hmac-sha256";tag="endcap-v1"`;
  const base = `"@method": POST\n"@authority": ${authority}\n"@path": ${path}\n"@query": ?\n"content-digest": ${digest}\n"content-type": application/json\n"@signature-params": ${parameters}`;
  const signature = createHmac("sha256", key).update(base).digest("base64");
  return `POST ${path} HTTP/1.1\r\nhost: ${authority}\r\ncontent-type: application/json\r\ncontent-digest: ${digest}\r\nsignature-input: endcap=${parameters}\r\nsignature: endcap=:${signature}:\r\ncontent-length: ${payload.length}\r\n\r\n${payload}`;
}
