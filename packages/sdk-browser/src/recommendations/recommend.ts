/** Asks the gateway for items. Loaded with the element, when recommendations are first wanted. */
import type { RecommendationAnswer } from "@endcap/protocol";
import type { Recommendations, RecommendRequest } from "../core/client.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { pending } from "../outbox/read.ts";
import type { Sessions } from "../session/session.ts";
import type { Answer, post } from "../transport/post.ts";

const RECOMMENDATIONS_PATH = "/v1/recommendations";
const RECOMMEND_MS_MAX = 3000;
const RECENT_MAX = 20;
const ATTEMPTS_MAX = 3;

/** What of a client this works with. */
export interface Parts {
  readonly sessions: Sessions;
  readonly outbox: Outbox;
  readonly post: typeof post;
  warn(...what: unknown[]): void;
  recover(answer: Answer, body: string): Promise<boolean>;
  /** The sign-in that is on its way. */
  signingIn(): Promise<void> | undefined;
  /** The item that the page is about. */
  itemInView(): string | undefined;
}

export async function recommend(
  { sessions, outbox, post, recover, warn, signingIn, itemInView }: Parts,
  { timeoutMsMax = RECOMMEND_MS_MAX, ...request }: RecommendRequest,
): Promise<Recommendations> {
  const deadline = AbortSignal.timeout(timeoutMsMax);
  // Who signs in right now wants their own list, not a stranger's.
  await Promise.race([
    signingIn()?.then(sessions.ready) ?? sessions.ready(),
    new Promise((resolve) => deadline.addEventListener("abort", resolve)),
  ]);
  const inView = itemInView();
  // What the gateway has not acknowledged travels with the request, so that no race loses the last click.
  const recent = pending(outbox, sessions.anonymousId()).slice(-RECENT_MAX);
  const payload = JSON.stringify({
    ...(inView && { items: [inView] }),
    ...request,
    context: { recent: recent.map(({ context, page, ...event }) => event) },
  });
  const asked = sessions.anonymousId();
  for (let attempt = 1; ; attempt++) {
    const body = sessions.frame(RECOMMENDATIONS_PATH, payload);
    const answer = await post(sessions.url(RECOMMENDATIONS_PATH), body, { signal: deadline });
    sessions.learn(answer, asked);
    if (answer.status === 200) return answer.body as unknown as RecommendationAnswer;
    if (attempt === ATTEMPTS_MAX || !(await recover(answer, body))) {
      warn("no recommendations", answer.body.code ?? answer.status);
      return { items: [], fallback: "empty" };
    }
  }
}
