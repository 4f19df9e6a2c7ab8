import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  contentDigest,
  envelopeSigningPrefix,
  parseEnvelope,
  parseSignatureInput,
  profileBase,
  uuidV7Time,
} from "@endcap/protocol";
import { afterAll, expect, test } from "vitest";
import { type CorpusKind, writeCorpus } from "../src/gateway/corpus.ts";
import { newBenchShop, sessionMaker, sessionSource } from "../src/gateway/shops.ts";

const directory = mkdtempSync(join(tmpdir(), "endcap-corpus-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const shop = newBenchShop(7);
const newSession = sessionMaker(sessionSource(shop));
const sessions = Array.from({ length: 5 }, () => newSession(Date.now()));

function requestsOf(kind: CorpusKind, requests: number) {
  const { file } = writeCorpus({ kind, requests, sessions, shop, file: join(directory, kind), seed: 1 });
  const bytes = readFileSync(file);
  const index = readFileSync(`${file}.index`);
  return Array.from({ length: requests }, (_, n) => {
    const text = bytes.toString("latin1", index.readUInt32LE(n * 4), index.readUInt32LE(n * 4 + 4));
    const [head = "", body = ""] = text.split("\r\n\r\n");
    const [, ...fields] = head.split("\r\n");
    return { headers: new Map(fields.map((field) => field.split(/: (.*)/s) as [string, string])), body };
  });
}

test("an envelope of the corpus is signed as the contract says, its event fills 1 KB", () => {
  for (const { headers, body } of requestsOf("ec1Events", 20)) {
    expect(headers.get("content-length")).toBe(String(body.length));
    const parsed = parseEnvelope(Buffer.from(body));
    if (parsed?.envelope.form !== "EC1") throw new Error("no envelope");
    const { token, msText, signature } = parsed.envelope;
    const session = sessions.find((each) => each.token === token);
    const payload = body.slice(parsed.payloadOffset);
    const prefix = envelopeSigningPrefix("POST", "/v1/events", msText);
    const mac = createHmac("sha256", session?.signingKey ?? "").update(prefix + payload);
    expect(mac.digest("base64url")).toBe(signature);
    expect(payload).toHaveLength(1024);
  }
});

test("a server's request of the corpus is signed in the profile", () => {
  for (const { headers, body } of requestsOf("rfc9421Events", 5)) {
    const input = parseSignatureInput(headers.get("signature-input") ?? "");
    if (input === null) throw new Error("not the profile");
    expect(headers.get("content-digest")).toBe(contentDigest(Buffer.from(body)));
    const field = (name: string) => headers.get(name);
    const message = { method: "POST", authority: headers.get("host") ?? "", path: "/v1/events", query: "?", field };
    const mac = createHmac("sha256", shop.requestKey)
      .update(profileBase(message, input) ?? "")
      .digest("base64");
    expect(headers.get("signature")).toBe(`endcap=:${mac}:`);
  }
});

test("no two events share an id", () => {
  const batches = requestsOf("rfc9421Events", 200).map(({ body }) => JSON.parse(body));
  const ids = batches.flatMap(({ batchId, events }) => [batchId, events[0].id]);
  expect(new Set(ids).size).toBe(400);
  expect(ids.every((id) => Math.abs((uuidV7Time(id) ?? 0) - Date.now()) < 60_000)).toBe(true);
});
