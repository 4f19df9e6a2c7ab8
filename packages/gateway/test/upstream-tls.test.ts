import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { answerParts } from "./support/answer-parts.ts";
import { send, signed, startEdge } from "./support/edge.ts";
import { newShop } from "./support/tenants.ts";

const tls = join(import.meta.dirname, "support", "tls");
const pem = (name: string) => readFileSync(join(tls, name));

const shop = newShop({ routes: { collector: "collector", ml: "ml.tls", recommender: null } });
const trusting = await startEdge([shop], {
  ENDCAP_GATEWAY_UPSTREAM_CA_FILE: join(tls, "ca.pem"),
  ENDCAP_GATEWAY_UPSTREAM_CERT_FILE: join(tls, "client.pem"),
  ENDCAP_GATEWAY_UPSTREAM_KEY_FILE: join(tls, "client.key"),
});
const wary = await startEdge([shop]);

/** An upstream that talks to who shows a certificate of our authority. */
async function startSecure(): Promise<string> {
  const server: Server = createServer(
    { key: pem("server.key"), cert: pem("server.pem"), ca: pem("ca.pem"), requestCert: true, rejectUnauthorized: true },
    (request, response) => answerParts(request, response, '{"secure":true}'),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return `https://localhost:${address.port}`;
}

const ask = async (edge: typeof wary, url: string) => {
  edge.control.push({ upstreams: [{ id: "ml.tls", kind: "ml", url }] });
  await edge.settled();
  const to = `${edge.url}/v1/recommendations`;
  return send(to, signed(to, "POST", shop.sk, { body: {} }));
};

it("shows its certificate to its own upstreams, and trusts the operator's authority", async () => {
  expect((await ask(trusting, await startSecure())).body).toEqual({ secure: true });
});

it("does not talk to an upstream whose certificate nobody it knows has signed", async () => {
  expect((await ask(wary, await startSecure())).body.code).toBe("upstream_unavailable");
});
