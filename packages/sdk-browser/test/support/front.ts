/**
 * What stands between the pages and the real gateway to see what passes: bytes and headers go through as they are. An
 * event counts as stored by the real collector's own answer and nothing else.
 */
import { createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import type { EventsAnswer, SessionClaims } from "@endcap/protocol";
import type { Reply, SeenEvent, SeenRequest } from "./gateway.ts";
import { newWaiting } from "./waiting.ts";

/**
 * Answers in the gateway's place, before it has seen the request (a `Reply`, or `cut`: none), or after (`lost`: its
 * answer stays here). A test has the browser's own faults (CDP) for requests of a page that lives; the beacons of one
 * that dies leave a process that no debugger is attached to any more, and only a socket can fail them.
 */
export type FrontOverride = (request: SeenRequest) => Reply | "cut" | "lost" | undefined;

export interface Front extends AsyncDisposable {
  readonly origin: string;
  /** Calls of the API, not of files. */
  readonly requests: SeenRequest[];
  /** Events that the collector said are durable, by id. */
  readonly events: Map<string, SeenEvent>;
  /** How many events each batch has that the collector said is durable. */
  readonly batches: Map<string, number>;
  /** Sums over all of its answers, those that no page ever got included. */
  readonly counts: { accepted: number; duplicates: number };
  /** Requests that a right client never makes, by what they carry or by the gateway's own refusal. */
  readonly faults: string[];
  override: FrontOverride;
  /** Files of the shop's, by path. */
  readonly files: Map<string, { type: string; bytes: Uint8Array }>;
  /** Everything that was seen, and every shopper of it: their pages may still be leaving, and are no part of what follows. */
  forget(): void;
  /** Resolves when `holds` does, asked after each request. */
  until(holds: () => boolean): Promise<void>;
}

/** Refusals that a right client meets when its device's clock is wrong. */
const CLOCK_CODES = new Set(["clock_ahead", "clock_behind"]);

interface Answer {
  readonly status: number;
  readonly headers: string[];
  readonly body: Buffer;
}

export async function startFront(gateway: string): Promise<Front> {
  const { hostname, port } = new URL(gateway);
  const waiting = newWaiting();
  const met = new Set<string>();
  const forgotten = new Set<string>();
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    answer(request, response)
      .catch((error: unknown) => {
        front.faults.push(`${request.method} ${request.url}: ${error}`);
        request.socket.destroy();
      })
      .finally(waiting.check);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    // A page may die while it sends: that is nobody's fault, and nothing to hand on.
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const path = request.url ?? "";
    const file = front.files.get(path);
    if (file) {
      response.writeHead(200, { "content-type": file.type, "access-control-allow-origin": "*" });
      response.end(file.bytes);
      return;
    }
    const body = Buffer.concat(chunks);
    const seen = path.startsWith("/sdk/") ? undefined : read(request, path, body);
    if (seen?.anonymousId !== undefined) met.add(seen.anonymousId);
    const matters = seen !== undefined && !isForgotten(seen);
    if (matters) front.requests.push(seen);
    const instead = matters ? front.override(seen) : undefined;
    if (instead === "cut") {
      request.socket.destroy();
      return;
    }
    if (typeof instead === "object") {
      const cors = {
        "access-control-allow-origin": request.headers.origin ?? "*",
        "access-control-expose-headers": "retry-after",
      };
      response.writeHead(instead.status, { "content-type": "application/problem+json", ...cors, ...instead.headers });
      response.end(JSON.stringify(instead.body));
      return;
    }
    const { status, headers, body: bytes } = await pass(request, path, body);
    if (seen) judge(seen, status, bytes);
    if (instead === "lost") {
      request.socket.destroy();
      return;
    }
    response.writeHead(status, headers).end(bytes);
  }

  function pass({ method, rawHeaders }: IncomingMessage, path: string, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      // Without an agent: a connection each, so that none is found closed. The gateway calls itself by the page's Host.
      const request = send({ hostname, port, method, path, headers: rawHeaders, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.once("error", reject);
        answer.once("end", () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.rawHeaders, body: Buffer.concat(chunks) });
        });
      });
      request.once("error", reject);
      request.end(body);
    });
  }

  const isForgotten = ({ anonymousId }: SeenRequest): boolean =>
    anonymousId !== undefined && forgotten.has(anonymousId);

  const fault = (method: string, path: string, text: string): void => {
    front.faults.push(`${method} ${path}: ${text}`);
  };

  function read(request: IncomingMessage, path: string, raw: Buffer): SeenRequest {
    const method = request.method ?? "";
    if (method !== "POST") fault(method, path, "not a POST: a preflight?");
    if (request.headers.cookie) fault(method, path, "a cookie");
    if (!/^text\/plain;\s*charset=utf-8$/i.test(request.headers["content-type"] ?? ""))
      fault(method, path, "content type");
    const body = raw.toString();
    const [, form, who = "", payload = body] = /^(EP1|EC1) (.+)\n([\s\S]*)$/.exec(body) ?? [];
    return {
      method,
      path,
      headers: request.headers,
      body,
      form: form === "EP1" || form === "EC1" ? form : "none",
      ...shopperOf(form, who),
      payload: payload === "" ? {} : (JSON.parse(payload) as Record<string, unknown>),
    };
  }

  function judge(seen: SeenRequest, status: number, bytes: Buffer): void {
    const { method, path, payload, anonymousId } = seen;
    if (status >= 400) {
      const { code } = JSON.parse(bytes.toString()) as { code: string };
      if (!CLOCK_CODES.has(code)) fault(method, path, `refused: ${status} ${code}`);
      return;
    }
    if (path !== "/v1/events") return;
    const { accepted, duplicates, rejected } = JSON.parse(bytes.toString()) as EventsAnswer;
    front.counts.accepted += accepted;
    front.counts.duplicates += duplicates;
    front.batches.set(payload.batchId as string, (payload.events as SeenEvent[]).length - rejected.length);
    for (const { index, code, pointer } of rejected) fault(method, path, `event ${index} rejected: ${code} ${pointer}`);
    const refused = new Set(rejected.map(({ index }) => index));
    for (const [index, event] of (payload.events as SeenEvent[]).entries()) {
      if (!refused.has(index) && !isForgotten(seen)) front.events.set(event.id, { ...event, anonymousId });
    }
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const front: Front = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    events: new Map(),
    batches: new Map(),
    counts: { accepted: 0, duplicates: 0 },
    faults: [],
    override: () => undefined,
    files: new Map(),
    forget() {
      front.requests.length = 0;
      front.events.clear();
      for (const shopper of met) forgotten.add(shopper);
      met.clear();
    },
    until: waiting.until,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return front;
}

/** `EP1 <key> <anonymous id>`, or `EC1 <token> <ms> <signature>` whose token says it. */
function shopperOf(form: string | undefined, who: string): Pick<SeenRequest, "anonymousId" | "userId"> {
  const [first = "", second] = who.split(" ");
  if (form === "EP1") return { anonymousId: second, userId: undefined };
  if (form !== "EC1") return { anonymousId: undefined, userId: undefined };
  const claims = Buffer.from(first.split(".")[1] ?? "", "base64url").toString();
  const { sub, uid } = JSON.parse(claims) as SessionClaims;
  return { anonymousId: sub, userId: uid };
}
