/** Signing in and out. Histories join only when the shop's backend says so, and two accounts in one browser never mix. */
import type { OpenSessionRequest } from "@endcap/protocol";
import { attempt } from "../core/attempt.ts";
import type { Context } from "../core/context.ts";
import { decode } from "../transport/base64url.ts";
import { type Answer, post } from "../transport/post.ts";
import type { Sessions } from "./session.ts";

const SESSIONS_PATH = "/v1/sessions";
const TIMEOUT_MS = 10_000;

export type Identity = ReturnType<typeof createIdentity>;

/** The user id inside a token, not verified: enough to tell one account from another. */
function userOf(token: string): string | undefined {
  return attempt(() => String(JSON.parse(decode(token.split(".")[1] ?? "")).sub));
}

export function createIdentity({ key, endpoint, store, warn }: Context, sessions: Sessions, freeze: () => void) {
  /** Kept for this page only: it lives for hours and the session for minutes. */
  let userToken: string | undefined;

  /** Opens a session explicitly. Under the anonymous session's signature, the gateway joins the two histories. */
  async function open(token?: string): Promise<boolean> {
    const anonymousId = sessions.anonymousId();
    const request: OpenSessionRequest = { key, anonymousId, ...(token && { userToken: token }) };
    const payload = JSON.stringify(request);
    const body = sessions.current() ? sessions.frame(SESSIONS_PATH, payload) : payload;
    const answer = await post(endpoint + SESSIONS_PATH, body, { timeoutMs: TIMEOUT_MS });
    sessions.learn(answer, anonymousId, true);
    if (answer.status !== 200) warn(`no session: ${answer.body.code ?? answer.status}`);
    // Signed out meanwhile: this session is nobody's.
    return answer.status === 200 && anonymousId === sessions.anonymousId();
  }

  /** What was tracked before belongs to who was there before. */
  function leave(): void {
    freeze();
    sessions.forget();
    userToken = undefined;
  }

  return {
    /** Whether to ask again after `answer`, under another envelope than that of `body`. */
    async recover({ status, body: { code } }: Answer, body: string): Promise<boolean> {
      if (status !== 401) return false;
      if (code === "bootstrap_disabled") return open(userToken);
      sessions.end(body);
      return body.startsWith("EC1");
    },

    async identify(token: string): Promise<void> {
      const user = userOf(token);
      const known = store.get("user");
      if (!user) return warn("this is no user token");
      if (known !== undefined && known !== user) leave();
      userToken = token;
      // A page renders its token on every visit; the session of the last one still speaks for the same user.
      if (sessions.current()?.userId === user) return;
      freeze();
      // A history joins the user's only under its own session, which may have ended since.
      if (known === undefined && !sessions.current() && !(await open())) return;
      if (await open(token)) store.set("user", user);
    },

    /** A signed-in session has ended and the page can open another. */
    renew(): void {
      if (userToken && !sessions.current()) void open(userToken);
    },

    signOut: leave,
  };
}
