/** Asks the gateway for items. Loaded with the element, when recommendations are first wanted. */
import type { RecommendationAnswer } from "@endcap/protocol";
import type { Recommendations, RecommendRequest } from "../core/client.ts";
import type { Context } from "../core/context.ts";
import { nextTask } from "../element/next-task.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { pending } from "../outbox/read.ts";
import type { Sessions } from "../session/session.ts";
import type { Answer } from "../transport/post.ts";
import { keepList, lastList } from "./last-list.ts";

const RECOMMENDATIONS_PATH = "/v1/recommendations";
const RECOMMEND_MS_MAX = 3000;
const RECENT_MAX = 20;
const ATTEMPTS_MAX = 3;

/** What of a client this works with. */
export interface Parts {
  readonly context: Context;
  readonly sessions: Sessions;
  readonly outbox: Outbox;
  recover(answer: Answer, body: string): Promise<boolean>;
  /** The sign-in that is on its way. */
  signingIn(): Promise<void> | undefined;
  /** The item that the page is about. */
  itemInView(): string | undefined;
}

interface Stale {
  /** Called at once with the list of the last visit, if there is one; and then this one is kept for the next. */
  readonly onStale?: (answer: Recommendations) => void;
}

export async function recommend(
  { context, sessions, outbox, recover, signingIn, itemInView }: Parts,
  { timeoutMsMax = RECOMMEND_MS_MAX, onStale, ...request }: RecommendRequest & Stale,
): Promise<Recommendations> {
  const last = onStale && lastList(context, request);
  if (last) onStale(last);
  const deadline = AbortSignal.timeout(timeoutMsMax);
  // Who signs in right now wants their own list, not a stranger's.
  await Promise.race([
    signingIn()?.then(sessions.ready) ?? sessions.ready(),
    new Promise((resolve) => deadline.addEventListener("abort", resolve)),
  ]);
  const who = () => `${sessions.anonymousId()} ${context.store.get("user")}`;
  for (let attempt = 1; ; attempt++) {
    const asked = sessions.anonymousId();
    const asking = who();
    const inView = itemInView();
    // What the gateway has not acknowledged travels with the request, so that no race loses the last click.
    const recent = pending(outbox, asked).slice(-RECENT_MAX);
    const payload = JSON.stringify({
      ...(inView && { items: [inView] }),
      ...request,
      context: { recent: recent.map(({ context, page, ...event }) => event) },
    });
    const body = sessions.frame(RECOMMENDATIONS_PATH, payload);
    // A slow phone has worked some milliseconds on that, and on what is sent it will again.
    await nextTask();
    const answer = await context.post(sessions.addressOf(RECOMMENDATIONS_PATH), body, { signal: deadline });
    sessions.learn(answer, asked);
    // Who signed in or out meanwhile wants their own list, not a stranger's.
    const isTheirs = asking === who();
    if (answer.status === 200 && isTheirs) {
      const list = answer.body as unknown as RecommendationAnswer;
      if (onStale) keepList(context, request, list);
      return list;
    }
    if (attempt === ATTEMPTS_MAX || (isTheirs && !(await recover(answer, body)))) {
      context.warn("no recommendations", answer.body.code ?? answer.status);
      return { items: [], fallback: "empty" };
    }
  }
}
