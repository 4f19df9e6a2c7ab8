/**
 * Who the shopper is and how requests prove it: the anonymous id, the session that the gateway gave, and the clock
 * mended by the server's. Everything lives in the store, so that all tabs share it.
 */
import type { Session } from "@endcap/protocol";
import { attempt } from "../core/attempt.ts";
import { CHOSEN } from "../core/attribution.ts";
import type { Context } from "../core/context.ts";
import { encode } from "../transport/base64url.ts";
import type { Answer } from "../transport/post.ts";
import type { SessionChunk } from "./chunk.ts";

/** A session as stored: with the anonymous id it was opened for, and the user that signed in. */
type StoredSession = Session & { readonly anonymousId: string; readonly userId?: string };

/** Below this the device's clock is as good as ours: latency alone looks like skew. */
const SKEW_MS_MIN = 60_000;

export type Sessions = ReturnType<typeof createSessions>;

export function createSessions({ key, endpoint, store, now, random, warn, loadSession }: Context) {
  let chunk: SessionChunk | undefined;
  const skewMs = (): number => Number(store.get("skew")) || 0;
  const serverNow = (): number => now() + skewMs();

  function anonymousId(): string {
    const known = store.get("id");
    if (known) return known;
    // `a_` and 128 random bits: a capability, so it must not be guessable.
    const made = `a_${encode(random(new Uint8Array(16)))}`;
    store.set("id", made);
    return made;
  }

  /** The session of the current shopper while it lasts. */
  function current(): StoredSession | undefined {
    const session = attempt(() => JSON.parse(store.get("session") ?? "0") as StoredSession);
    if (session?.anonymousId === anonymousId() && Date.parse(session.expiresAt) > serverNow()) return session;
    return undefined;
  }

  /** Can sign from then on, if there is a session. Until the first one is there, nothing needs signing. */
  async function ready(): Promise<void> {
    if (!chunk && current()) chunk = await loadSession().catch(() => undefined);
  }

  return {
    anonymousId,
    current,
    skewMs,
    ready,
    /** Unix milliseconds by the server's clock. */
    serverNow,
    /** Where calls go: the path of the shop's own that leads to the gateway, or the tenant's own host, once they are known. */
    addressOf(path: string): string {
      const session = current();
      return (session?.settings.firstPartyPath ?? session?.endpoint ?? endpoint) + path;
    },

    /**
     * The whole body of a request for `shopper`: signed while the session is theirs, else a bootstrap. Synchronous, so it
     * works at pagehide.
     */
    frame(path: string, payload: string, shopper = anonymousId()): string {
      const session = shopper === anonymousId() && current();
      return session && chunk
        ? chunk.signedBody(session, path, serverNow(), payload)
        : `EP1 ${key} ${shopper}\n${payload}`;
    },

    /**
     * Takes from an answer what it says about time and session. `asked` is the anonymous id that the request spoke for;
     * an answer that comes after sign-out speaks of somebody else. A session that lasts is replaced only when another was
     * `wanted`: a bootstrap's late answer must not sign the shopper out.
     */
    learn({ body }: Answer, asked: string, wanted?: boolean): void {
      const skew = Date.parse(body.serverTime as string) - now();
      if (Math.abs(skew - skewMs()) > SKEW_MS_MIN) {
        store.set("skew", `${skew}`);
        warn("clock", skew);
      }
      if (body.session && asked === anonymousId() && (wanted || !current())) {
        store.set("session", JSON.stringify({ ...body.session, anonymousId: asked, userId: body.userId }));
        void ready();
      }
    },

    /** The next request is somebody else's. */
    forget(): void {
      for (const name of ["session", "id", "user", ...store.names(CHOSEN)]) store.remove(name);
    },
  };
}
