/** Requests that the gateway would let in, of every kind of caller. A mutation starts from one of them. */
import {
  bootstrapBody,
  ENVELOPE_CONTENT_TYPE,
  newAnonymousId,
  signedBody,
  signRequest,
  uuidV7,
} from "@endcap/protocol";
import { marker } from "./marker.ts";
import type { Target } from "./target.ts";

/** A request as text before it becomes bytes. Names may repeat, and stand as they will be sent. */
export interface Draft {
  method: string;
  path: string;
  headers: [string, string][];
  /** Latin-1, so that every byte has its own character. */
  body: string;
  /** What of it reaches an upstream when nothing is changed: its payload, or its path when it has none. */
  readonly payload: string;
  readonly kind: "sk" | "bearer" | "ep1" | "ec1";
}

interface PageSession {
  readonly token: string;
  readonly key: Uint8Array;
}

export interface Drafts {
  /** How many kinds of request there are: each comes in turn. */
  readonly kinds: number;
  /** The `n`th request, as its caller would send it. */
  make(n: number): Draft;
}

const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);
const sessionsHeld = 16;

/** Opens a few sessions of the first shop, which last 15 minutes. */
async function openSessions({ host, port, shops, origin }: Target): Promise<PageSession[]> {
  const open = async (): Promise<PageSession> => {
    const response = await fetch(`http://${host}:${port}/v1/sessions`, {
      method: "POST",
      headers: { origin, "content-type": ENVELOPE_CONTENT_TYPE },
      body: JSON.stringify({ key: shops[0].publishable }),
    });
    if (!response.ok) throw new Error(`no session: ${response.status} ${await response.text()}`);
    const { session } = (await response.json()) as { session: { token: string; signingKey: string } };
    return { token: session.token, key: Buffer.from(session.signingKey, "base64url") };
  };
  return await Promise.all(Array.from({ length: sessionsHeld }, open));
}

export async function createDrafts(target: Target): Promise<Drafts> {
  const { host, port, shops, origin } = target;
  const [shop] = shops;
  const authority = `${host}:${port}`;
  const sessions = await openSessions(target);

  const event = (n: number) => ({
    id: uuidV7(Date.now(), random),
    type: "view_item",
    at: new Date().toISOString(),
    items: [{ id: marker(n) }],
  });
  const events = (n: number, shopper?: object) =>
    JSON.stringify({ batchId: uuidV7(Date.now(), random), events: [{ ...event(n), ...(shopper && { shopper }) }] });
  const question = (n: number) =>
    JSON.stringify({ strategy: "for_you", items: [marker(n)], shopper: { userId: marker(n) } });

  const draft = (kind: Draft["kind"], method: string, path: string, headers: object, body: string): Draft => ({
    kind,
    method,
    path,
    headers: [["Host", authority], ...Object.entries(headers), ...lengthOf(body)],
    body,
    payload: body.startsWith("E") ? body.slice(body.indexOf("\n") + 1) : body || path,
  });

  const server = (method: string, path: string, body: string, contentType = "application/json"): Draft => {
    const fields = signRequest({
      method,
      url: `http://${authority}${path}`,
      ...(body && { body: Buffer.from(body, "latin1"), contentType }),
      keyId: shop.signing.id,
      requestKey: shop.signing.requestKey,
      now: Date.now(),
      random,
    });
    return draft("sk", method, path, fields, body);
  };
  const page = (kind: "ep1" | "ec1", path: string, body: string) =>
    draft(kind, "POST", path, { Origin: origin, "Content-Type": ENVELOPE_CONTENT_TYPE }, body);
  const signedPage = (n: number, path: string, payload: string) => {
    const { token, key } = sessions[n % sessions.length] as PageSession;
    return page("ec1", path, signedBody(token, key, "POST", path, Date.now(), payload));
  };

  const kinds: readonly ((n: number) => Draft)[] = [
    (n) => server("POST", "/v1/events", events(n, { userId: "u" })),
    (n) => server("POST", "/v1/recommendations", question(n)),
    (n) => server("PUT", "/v1/items", JSON.stringify({ items: [{ id: marker(n) }] })),
    (n) => server("GET", `/v1/items/${marker(n)}`, ""),
    (n) => server("DELETE", `/v1/shoppers/user/${marker(n)}`, ""),
    (n) => server("POST", "/v1/recommenders/for_you", question(n)),
    // The edge passes an import's bytes on unread, so they need be no gzip.
    (n) => server("PUT", `/v1/imports/fuzz/parts/${n}`, `\x1f\x8b${marker(n)}`, "application/gzip"),
    (n) => {
      const bearer = {
        Authorization: `Bearer ${shop.bearer.id}.${shop.bearer.secret}`,
        "Content-Type": "application/json",
      };
      return draft("bearer", "POST", "/v1/recommendations", bearer, question(n));
    },
    (n) => signedPage(n, "/v1/events", events(n)),
    (n) => signedPage(n, "/v1/recommendations", question(n)),
    (n) => page("ep1", "/v1/events", bootstrapBody(shop.publishable, newAnonymousId(random), events(n))),
    // Opens a session, which no upstream hears of.
    () => page("ep1", "/v1/sessions", JSON.stringify({ key: shop.publishable, anonymousId: newAnonymousId(random) })),
  ];
  return { kinds: kinds.length, make: (n) => (kinds[n % kinds.length] as (n: number) => Draft)(n) };
}

const lengthOf = (body: string): [string, string][] => (body ? [["Content-Length", String(body.length)]] : []);

/** The bytes of a draft, in Latin-1. */
export function textOf({ method, path, headers, body }: Draft): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `${method} ${path} HTTP/1.1\r\n${lines}\r\n${body}`;
}
