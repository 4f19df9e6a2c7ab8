// What the contract costs a request: signing, verifying and judging one event of about 1 KB, against one bare HMAC.
import assert from "node:assert/strict";
import { createHmac, createSecretKey, hash, randomBytes, randomFillSync, timingSafeEqual } from "node:crypto";
import { tmpdir } from "node:os";
import {
  envelopeSigningPrefix,
  judgeEvent,
  newAnonymousId,
  parseEnvelope,
  parseSignature,
  parseSignatureInput,
  profileBase,
  signedBody,
  signRequest,
  uuidV7,
} from "@endcap/protocol";
import { defineBench, type Figures } from "./bench.ts";
import { describeMachine } from "./machine.ts";
import { measureInRounds } from "./rounds.ts";

const path = "/v1/events";
const url = `https://api.shop.example${path}`;
const random = (bytes: Uint8Array<ArrayBuffer>) => randomFillSync(bytes);

/** A view_item as shops send it, filled up to 1 KB by its referrer. */
function oneEvent(now: number): Record<string, unknown> {
  const event = {
    id: uuidV7(now, random),
    type: "view_item",
    at: new Date(now).toISOString(),
    shopper: { anonymousId: newAnonymousId(random) },
    currency: "EUR",
    value: 39.9,
    items: [{ id: "sku-1042", price: 39.9, quantity: 1 }],
    page: { url: "https://shop.example/p/1042", referrer: "" },
  };
  event.page.referrer = `https://shop.example/c/lamps?q=${"x".repeat(1024 - 32 - JSON.stringify(event).length)}`;
  return event;
}

/** The calls to measure, each of which did its work when it returns true. The first is the baseline. */
function calls(now: number): [Call, ...Call[]] {
  const keyBytes = randomBytes(32);
  const key = createSecretKey(keyBytes);
  const event = oneEvent(now);
  const payload = JSON.stringify(event);
  const bytes = Buffer.from(payload);
  const token = `${"a".repeat(36)}.${"b".repeat(200)}.${"c".repeat(43)}`;
  const envelope = Buffer.from(signedBody(token, keyBytes, "POST", path, now, payload));
  const signing = { method: "POST", url, body: bytes, keyId: "sk_live_bench", requestKey: keyBytes, now, random };
  const signed = signRequest(signing);
  const message = {
    method: "POST",
    authority: "api.shop.example",
    path,
    query: "?",
    field: (name: string) => signed[name],
  };

  return [
    { name: "bareHmac", call: () => createHmac("sha256", key).update(bytes).digest().length === 32 },
    {
      name: "verifyEnvelope",
      call() {
        const parsed = parseEnvelope(envelope);
        if (parsed?.envelope.form !== "EC1") return false;
        const { msText, signature } = parsed.envelope;
        const mac = createHmac("sha256", key).update(envelopeSigningPrefix("POST", path, msText));
        mac.update(envelope.subarray(parsed.payloadOffset));
        return timingSafeEqual(mac.digest(), Buffer.from(signature, "base64url"));
      },
    },
    {
      name: "verifyRequest",
      call() {
        const input = parseSignatureInput(signed["signature-input"] ?? "");
        const signature = parseSignature(signed.signature ?? "");
        const base = input && profileBase(message, input);
        if (!base || signature === null) return false;
        if (signed["content-digest"] !== `sha-256=:${hash("sha256", bytes, "base64")}:`) return false;
        const mac = createHmac("sha256", key).update(base).digest();
        return timingSafeEqual(mac, Buffer.from(signature, "base64"));
      },
    },
    { name: "parseJson", call: () => JSON.parse(payload) !== null },
    { name: "judgeEvent", call: () => judgeEvent(event, { now, imported: false }).ok },
    // What browsers and edge runtimes pay: portable JavaScript, because WebCrypto is asynchronous and pagehide is not.
    {
      name: "signEnvelopePortable",
      call: () => signedBody(token, keyBytes, "POST", path, now, payload).length > payload.length,
    },
    { name: "signRequestPortable", call: () => signRequest(signing).signature !== undefined },
  ];
}

interface Call {
  readonly name: string;
  call(): boolean;
}

export default defineBench({
  summary: "microseconds to sign, verify and judge a request with one event of 1 KB, against one bare HMAC-SHA256",
  async run({ short }) {
    const callsPerRound = short ? 500 : 5_000;
    const now = Date.now();
    const rivals = calls(now).map(({ name, call }) => ({
      name,
      round() {
        const start = performance.now();
        for (let i = 0; i < callsPerRound; i++) assert.ok(call(), name);
        return ((performance.now() - start) * 1000) / callsPerRound;
      },
    }));
    const [baseline, ...others] = rivals;
    assert.ok(baseline);
    const measured = await measureInRounds([baseline, ...others], short ? 5 : 25);

    const figures: Record<string, Figures> = {};
    for (const { name, median, spread, vsBaseline } of measured) {
      figures[name] = { us: median, vsBareHmac: vsBaseline, spread };
    }
    return { ok: true, figures: { ...figures, machine: await describeMachine(tmpdir()) } };
  },
});
