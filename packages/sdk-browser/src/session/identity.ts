/** Signing in. Histories join only when the shop's backend says so, and two accounts in one browser never mix. */
import type { OpenSessionRequest } from "@endcap/protocol";
import { attempt } from "../core/attempt.ts";
import type { Context } from "../core/context.ts";
import { decode } from "../transport/base64url.ts";
import type { Sessions } from "./session.ts";

const SESSIONS_PATH = "/v1/sessions";
const TIMEOUT_MS = 10_000;

export type Identity = ReturnType<typeof createIdentity>;

/** The user id inside a token, not verified: enough to tell one account from another. */
function userOf(token: string): string | undefined {
  return attempt(() => String(JSON.parse(decode(token.split(".")[1] ?? "")).sub));
}

/** `leave` ends what was: the shopper signs out. `meet` tells the page that somebody signed in. */
export function createIdentity(
  { key, store, post, warn }: Context,
  sessions: Sessions,
  leave: () => void,
  meet: () => void,
) {
  /** Kept for this page only: it lives for hours and the session for minutes. Good for one anonymous id. */
  let userToken: string | undefined;
  let tokenOf: string | undefined;

  /** Opens a session explicitly. Under the anonymous session's signature, the gateway joins the two histories. */
  async function open(token?: string): Promise<boolean> {
    await sessions.ready();
    const anonymousId = sessions.anonymousId();
    const request: OpenSessionRequest = { key, anonymousId, ...(token && { userToken: token }) };
    const payload = JSON.stringify(request);
    const body = sessions.current() ? sessions.frame(SESSIONS_PATH, payload) : payload;
    const answer = await post(sessions.addressOf(SESSIONS_PATH), body, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    sessions.learn(answer, anonymousId, true);
    await sessions.ready();
    if (answer.status !== 200) warn("no session", answer.body.code ?? answer.status);
    // Signed out meanwhile: this session is nobody's.
    return answer.status === 200 && anonymousId === sessions.anonymousId();
  }

  /** The token, while who gave it is still here. */
  const current = (): string | undefined => (tokenOf === sessions.anonymousId() ? userToken : undefined);

  return {
    /** Whether to ask again after the refusal `code`, under another envelope than that of `body`. */
    async recover(code: unknown, body: string): Promise<boolean> {
      if (code === "bootstrap_disabled") return open(current());
      // The session that signed it is no good; a newer one, of another tab, may be.
      if (body.startsWith(`EC1 ${sessions.current()?.token} `)) store.remove("session");
      return body.startsWith("EC1");
    },

    /** A signed-in session has ended and the page can open another. */
    renew(): void {
      const token = current();
      if (token && !sessions.current()) void open(token);
    },

    /** `asked` is the anonymous id of who asked: gone when they signed out meanwhile. */
    async identify(token: string, asked: string): Promise<void> {
      if (asked !== sessions.anonymousId()) return;
      const user = userOf(token);
      const known = store.get("user");
      if (!user) return warn("no user token");
      if (known !== undefined && known !== user) leave();
      userToken = token;
      tokenOf = sessions.anonymousId();
      // A page renders its token on every visit; the session of the last one still speaks for the same user.
      if (sessions.current()?.userId === user) return;
      // A history joins the user's only under its own session, which may have ended since.
      if (known === undefined && !sessions.current() && !(await open())) return;
      if (!(await open(token))) return;
      store.set("user", user);
      if (known !== user) meet();
    },
  };
}
