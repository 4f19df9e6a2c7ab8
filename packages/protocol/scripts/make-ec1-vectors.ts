/**
 * Writes vectors/ec1.json: bodies of signed browser requests for implementers in other languages. Made with node:crypto
 * alone, so that they test this package and do not echo it. Run: node --conditions=@endcap/source scripts/make-ec1-vectors.ts
 */
import { createHash, createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";

const cases = [
  { name: "an empty payload", method: "POST", path: "/v1/events", payload: "" },
  {
    name: "one event",
    method: "POST",
    path: "/v1/events",
    payload:
      '{"batchId":"01a204a3-2c72-7ce1-a72b-2f7d350cc5e9","events":[{"id":"01a204a3-2c72-7ce1-a72b-2f7d350cc5ea","type":"view_item","at":"2026-11-22T19:02:12.344Z","items":[{"id":"sku-1"}]}]}',
  },
  {
    name: "a recommendation request",
    method: "POST",
    path: "/v1/recommendations",
    payload: '{"placement":"home","limit":12}',
  },
  {
    name: "text beyond ASCII is signed as its UTF-8 bytes",
    method: "POST",
    path: "/v1/events",
    payload: '{"q":"žluťoučký kůň 🐎 日本語 \u2028"}',
  },
  { name: "line feeds inside the payload", method: "POST", path: "/v1/events", payload: '{\n  "events": []\n}\n' },
  { name: "a payload of exactly one hash block", method: "POST", path: "/v1/events", payload: "x".repeat(64) },
];

const vectors = cases.map((each, index) => {
  const key = createHash("sha256").update(`endcap ec1 vector ${index}`).digest();
  const ms = 1_795_374_132_344 + index;
  const token = `eyJhbGciOiJIUzI1NiIsImtpZCI6IjEifQ.eyJqdGkiOiJ${index}In0.c2lnbmF0dXJl`;
  const signature = createHmac("sha256", key)
    .update(`EC1\n${each.method} ${each.path}\n${ms}\n${each.payload}`, "utf8")
    .digest("base64url");
  return {
    ...each,
    signingKey: key.toString("base64url"),
    ms,
    token,
    signature,
    body: `EC1 ${token} ${ms} ${signature}\n${each.payload}`,
  };
});
const description =
  'EC1: signature = base64url(HMAC-SHA256(signingKey, "EC1\\n" + method + " " + path + "\\n" + ms + "\\n" + UTF-8 payload)); body = "EC1 " + token + " " + ms + " " + signature + "\\n" + payload. signingKey is base64url of 32 bytes.';
writeFileSync(
  new URL("../vectors/ec1.json", import.meta.url),
  `${JSON.stringify({ description, vectors }, null, 2)}\n`,
);
