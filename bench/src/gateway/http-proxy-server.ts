/**
 * Plain @fastify/http-proxy with the gateway's checks as its preHandler, in one file, as its documentation shows it.
 * Started as a process of its own: argv is the port, the upstream's port and a file of tenants.
 */
import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { envelopeSigningPrefix, parseEnvelope } from "@endcap/protocol";
import httpProxy from "@fastify/http-proxy";
import { fastify } from "fastify";
import { jwtVerify } from "jose";

interface Tenant {
  readonly id: string;
  readonly sessionKey: string;
  readonly limits: { readonly requestsPerSecond: number; readonly burst: number };
}
interface Session {
  readonly key: KeyObject;
  readonly origin: unknown;
  readonly tenant: string;
}

const [port, upstreamPort, file = ""] = process.argv.slice(2);
const tenants = new Map<string, Tenant>();
for (const tenant of (JSON.parse(readFileSync(file, "utf8")) as { tenants: Tenant[] }).tenants)
  tenants.set(tenant.id, tenant);
const sessions = new Map<string, Session>();
const emptyAt = new Map<string, number>();

async function sessionOf(token: string): Promise<Session> {
  const known = sessions.get(token);
  if (known !== undefined) return known;
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, string>;
  const tenant = tenants.get(claims.tenant ?? "");
  if (tenant === undefined) throw new Error("no such tenant");
  const sessionKey = Buffer.from(tenant.sessionKey, "base64url");
  await jwtVerify(token, Buffer.from(hkdfSync("sha256", sessionKey, "", "token", 32)));
  const key = createSecretKey(Buffer.from(hkdfSync("sha256", sessionKey, "", `request ${claims.jti}`, 32)));
  const session = { key, origin: claims.origin, tenant: tenant.id };
  sessions.set(token, session);
  return session;
}

function withinLimit({ id, limits }: Tenant): boolean {
  const now = Date.now();
  const intervalMs = 1000 / limits.requestsPerSecond;
  const next = Math.max(emptyAt.get(id) ?? 0, now) + intervalMs;
  if (next - now > limits.burst * intervalMs) return false;
  emptyAt.set(id, next);
  return true;
}

const app = fastify({ logger: false });
app.removeAllContentTypeParsers();
app.addContentTypeParser("text/plain", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
await app.register(httpProxy, {
  upstream: `http://127.0.0.1:${upstreamPort}`,
  proxyPayloads: false,
  disableRequestLogging: true,
  async preHandler(request, reply) {
    const body = request.body as Buffer;
    const parsed = parseEnvelope(body);
    if (parsed?.envelope.form !== "EC1") return reply.code(400).send();
    const { token, msText, signature } = parsed.envelope;
    const session = await sessionOf(token);
    if (request.headers.origin !== session.origin) return reply.code(403).send();
    const payload = body.subarray(parsed.payloadOffset);
    const mac = createHmac("sha256", session.key)
      .update(envelopeSigningPrefix("POST", request.url, msText))
      .update(payload);
    if (!timingSafeEqual(mac.digest(), Buffer.from(signature, "base64url"))) return reply.code(401).send();
    if (!withinLimit(tenants.get(session.tenant) as Tenant)) return reply.code(429).send();
    request.body = payload;
    return undefined;
  },
});
await app.listen({ host: "127.0.0.1", port: Number(port) });
