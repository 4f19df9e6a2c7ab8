/**
 * A small gateway and collector over real HTTP for the client without a browser: its clock and the length of its sessions
 * are the test's. Written from the wire contract with node:crypto and none of our own signing code: it verifies EC1
 * envelopes, gives sessions, deduplicates batches, and remembers what it saw. Pages meet the real ones (services.ts).
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { newWaiting } from "./waiting.ts";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly form: "EP1" | "EC1" | "none";
  readonly anonymousId: string | undefined;
  readonly userId: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly payload: Record<string, unknown>;
  readonly body: string;
}

export interface SeenEvent {
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly anonymousId: string | undefined;
  readonly items?: { id: string; price?: number }[];
  readonly currency?: string;
  readonly context?: object;
  readonly recommendationId?: string;
  readonly position?: number;
}

export interface Reply {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

/** Takes over a request: `hang` never answers, `cut` closes the connection, `undefined` leaves it to the gateway. */
type Override = (request: SeenRequest) => Reply | "hang" | "cut" | undefined;

interface SessionRow {
  readonly signingKey: Buffer;
  readonly anonymousId: string;
  readonly userId: string | undefined;
  readonly expiresAt: number;
}

export interface Gateway extends AsyncDisposable {
  readonly origin: string;
  readonly requests: SeenRequest[];
  /** Stored events by id. */
  readonly events: Map<string, SeenEvent>;
  /** Requests that a right client never makes. */
  readonly faults: string[];
  override: Override;
  sessionMs: number;
  /** Server minus device clock, in milliseconds. */
  skewMs: number;
  settings: { enabled: boolean };
  items: object[];
  /** Pictures of items, by path. */
  readonly pictures: Map<string, string>;
  /** Resolves when `holds` does, asked after each request. */
  until(holds: () => boolean): Promise<void>;
}

const id = (): string => randomBytes(16).toString("base64url");

export async function startGateway(): Promise<Gateway> {
  const sessions = new Map<string, SessionRow>();
  const batches = new Map<string, string>();
  const waiting = newWaiting();

  const server = createServer((request, response) => {
    void answer(request, response).finally(waiting.check);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? "";
    const picture = gateway.pictures.get(path);
    if (picture !== undefined) {
      response.writeHead(200, { "content-type": "image/svg+xml" }).end(picture);
      return;
    }
    const seen = read(request, path, Buffer.concat(chunks));
    gateway.requests.push(seen.request);
    const reply = gateway.override(seen.request) ?? seen.refusal ?? handle(seen.request);
    if (reply === "hang") return;
    if (reply === "cut") {
      request.socket.destroy();
      return;
    }
    const serverTime = new Date(now()).toISOString();
    response.writeHead(reply.status, {
      "content-type": "application/json",
      "access-control-allow-origin": request.headers.origin ?? "*",
      "access-control-expose-headers": "retry-after, endcap-request-id",
      ...reply.headers,
    });
    response.end(JSON.stringify({ serverTime, ...reply.body }));
  }

  const now = (): number => Date.now() + gateway.skewMs;

  function read(request: IncomingMessage, path: string, raw: Buffer): { request: SeenRequest; refusal?: Reply } {
    const method = request.method ?? "";
    const body = raw.toString();
    const seen = { method, path, headers: request.headers, body };
    const fault = (text: string): void => {
      gateway.faults.push(`${method} ${path}: ${text}`);
    };
    if (method !== "POST") fault("not a POST: a preflight?");
    if (request.headers.cookie) fault("a cookie");
    if (!/^text\/plain;\s*charset=utf-8$/i.test(request.headers["content-type"] ?? "")) fault("content type");
    const end = raw.indexOf(10);
    const line = raw.subarray(0, Math.max(0, end)).toString();
    const payloadBytes = raw.subarray(end + 1);
    const parse = (text: string): Record<string, unknown> =>
      text ? (JSON.parse(text) as Record<string, unknown>) : {};

    const bootstrap = /^EP1 (pk_\S+) (a_[\w-]{22})$/.exec(line);
    if (bootstrap) {
      const anonymousId = bootstrap[2];
      return {
        request: { ...seen, form: "EP1", anonymousId, userId: undefined, payload: parse(payloadBytes.toString()) },
      };
    }
    const signed = /^EC1 (\S+) (\d+) (\S{43})$/.exec(line);
    if (!signed) {
      return { request: { ...seen, form: "none", anonymousId: undefined, userId: undefined, payload: parse(body) } };
    }
    const [, token = "", ms = "", signature = ""] = signed;
    const session = sessions.get(token);
    const made: SeenRequest = {
      ...seen,
      form: "EC1",
      anonymousId: session?.anonymousId,
      userId: session?.userId,
      payload: parse(payloadBytes.toString()),
    };
    const refuse = (code: string): { request: SeenRequest; refusal: Reply } => ({
      request: made,
      refusal: { status: 401, body: { code } },
    });
    if (!session) return refuse("session_invalid");
    const mac = createHmac("sha256", session.signingKey)
      .update(`EC1\n${method} ${path}\n${ms}\n`)
      .update(payloadBytes)
      .digest();
    if (!timingSafeEqual(mac, Buffer.from(signature, "base64url"))) {
      fault("wrong signature");
      return refuse("signature_invalid");
    }
    if (path === "/v1/events" ? Number(ms) > session.expiresAt + 60_000 : now() > session.expiresAt + 60_000) {
      return refuse("session_expired");
    }
    return { request: made };
  }

  function handle(request: SeenRequest): Reply {
    const fresh =
      request.form === "EP1" && request.anonymousId ? { session: open(request.anonymousId, undefined) } : {};
    if (request.path === "/v1/events") {
      const { status, body } = store(request);
      return { status, body: { ...body, ...fresh } };
    }
    if (request.path === "/v1/recommendations") {
      const answer = { recommendationId: uuid(), items: gateway.items, strategy: "for_you", model: null };
      return { status: 200, body: { ...answer, ...fresh } };
    }
    if (request.path === "/v1/sessions") {
      const { anonymousId, userToken } = request.payload as { anonymousId: string; userToken?: string };
      const claims = userToken?.split(".")[1];
      const userId = claims && (JSON.parse(Buffer.from(claims, "base64url").toString()) as { sub: string }).sub;
      return { status: 200, body: { session: open(anonymousId, userId), userId } };
    }
    return { status: 404, body: { code: "not_found" } };
  }

  const uuid = (): string => "01900000-0000-7000-8000-000000000000".replace(/0{12}$/, randomBytes(6).toString("hex"));

  function open(anonymousId: string, userId: string | undefined): object {
    const token = `${id()}.${id()}.${id()}`;
    const signingKey = randomBytes(32);
    const expiresAt = now() + gateway.sessionMs;
    sessions.set(token, { signingKey, anonymousId, userId, expiresAt });
    return {
      token,
      signingKey: signingKey.toString("base64url"),
      expiresAt: new Date(expiresAt).toISOString(),
      serverTime: new Date(now()).toISOString(),
      endpoint: gateway.origin,
      settings: { consent: "none", observeCatalogue: false, etag: "1", ...gateway.settings },
    };
  }

  function store({ payload, anonymousId }: SeenRequest): Reply {
    const { batchId, events } = payload as { batchId: string; events: SeenEvent[] };
    const made = Number.parseInt(batchId.replace("-", "").slice(0, 12), 16);
    if (made > now() + 300_000) return { status: 400, body: { code: "clock_ahead" } };
    if (made < now() - 7 * 86_400_000) return { status: 400, body: { code: "clock_behind" } };
    const bytes = JSON.stringify(payload);
    const before = batches.get(batchId);
    if (before !== undefined && before !== bytes) {
      gateway.faults.push(`batch ${batchId} changed`);
      return { status: 409, body: { code: "batch_changed" } };
    }
    batches.set(batchId, bytes);
    for (const event of events) gateway.events.set(event.id, { ...event, anonymousId });
    const count = events.length;
    const first = before === undefined;
    return { status: 202, body: { accepted: first ? count : 0, duplicates: first ? 0 : count, rejected: [], batchId } };
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const gateway: Gateway = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    events: new Map(),
    faults: [],
    override: () => undefined,
    sessionMs: 900_000,
    skewMs: 0,
    settings: { enabled: true },
    items: [],
    pictures: new Map(),
    until: waiting.until,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return gateway;
}
