import { createHmac, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EndcapWebhookError } from "../src/index.ts";
import { client, credentials, Time } from "./support/client.ts";

const time = new Time();
const { webhooks } = client("http://127.0.0.1:9", { now: time.now });
const BODY = JSON.stringify({ type: "training.finished", note: "ü" });

test("a signature follows Standard Webhooks under the derived key", () => {
  const headers = webhooks.sign(BODY);
  const secret = Buffer.from(credentials.secret, "base64url");
  const key = Buffer.from(hkdfSync("sha256", secret, credentials.key, "endcap webhook v1", 32));
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${BODY}`;
  expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`);
});

test("what was signed verifies: as text, as bytes, with either kind of headers, among other signatures", () => {
  const headers = webhooks.sign(BODY);
  expect(webhooks.verify(BODY, { ...headers })).toEqual(JSON.parse(BODY));
  expect(webhooks.verify(new TextEncoder().encode(BODY), new Headers({ ...headers }))).toEqual(JSON.parse(BODY));
  const rotated = { ...headers, "webhook-signature": `v1,b2xk ${headers["webhook-signature"]}` };
  expect(webhooks.verify(BODY, rotated)).toEqual(JSON.parse(BODY));
});

test("any other body, id, time or signature is refused", () => {
  const headers = webhooks.sign(BODY);
  fc.assert(
    fc.property(fc.nat(BODY.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, char) => {
      const changed = BODY.slice(0, at) + char + BODY.slice(at + 1);
      fc.pre(changed !== BODY);
      expect(() => webhooks.verify(changed, { ...headers })).toThrow(EndcapWebhookError);
    }),
  );
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"] as const) {
    expect(() => webhooks.verify(BODY, { ...headers, [name]: `${headers[name]}0` })).toThrow(EndcapWebhookError);
    expect(() => webhooks.verify(BODY, { ...headers, [name]: undefined })).toThrow(/missing/);
  }
});

test("a delivery from five minutes ago is a replay", () => {
  const headers = webhooks.sign(BODY);
  time.nowMs += 301_000;
  expect(() => webhooks.verify(BODY, { ...headers })).toThrow(/just now/);
});
