import { DEADLINE_HEADER, EndcapError, LIMITS, PRINCIPAL_HEADER } from "@endcap/protocol";
import { type App, internalAuth, principalOf, requestIdHeader } from "@endcap/service-kit";

export interface DoorbellOptions {
  readonly jwksFile: string;
  /** Resolves to where the tenant's recommender listens, once it does. Throws `not_ready`. */
  readonly wake: (tenantId: string) => Promise<string>;
  readonly now: () => number;
}

const WAIT_MS_MAX = 5_000;
/** Requests that wait for a recommender to wake; more are told to come again. */
const WAITING_MAX = 256;
const HANDED_ON = ["authorization", "content-type", DEADLINE_HEADER, PRINCIPAL_HEADER, requestIdHeader];

/**
 * Where the requests for a recommender come that hibernates: its own routes, under its own guard. Each wakes it. ml is
 * told at once, so that its fallback list answers; a shop's server, which has no other answer, waits and gets the real one.
 */
export async function doorbellRoutes(app: App, { jwksFile, wake, now }: DoorbellOptions): Promise<void> {
  let waiting = 0;
  await app.register(internalAuth, { audience: "recommender", jwksFile, now });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const bodyLimit = LIMITS.recommendationBodyBytesMax;

  app.post("/internal/v1/recommend", { bodyLimit, config: { quiet: true } }, async (request) => {
    const { tenant } = principalOf(request);
    wake(tenant).catch((error: unknown) => request.log.warn({ err: error, tenant }, "the recommender does not wake"));
    throw new EndcapError("not_ready", { detail: "The recommender wakes up." });
  });

  app.post("/v1/recommenders/:strategy", { bodyLimit }, async (request, reply) => {
    if (waiting >= WAITING_MAX) throw new EndcapError("not_ready", { detail: "The recommender wakes up." });
    waiting += 1;
    const late = AbortSignal.timeout(WAIT_MS_MAX);
    try {
      const url = await Promise.race([wake(principalOf(request).tenant), rejectedBy(late)]);
      const fields = HANDED_ON.map((name) => [name, request.headers[name]] as const);
      const answer = await fetch(new URL(request.url, url), {
        method: "POST",
        headers: fields.flatMap(([name, value]): [string, string][] =>
          typeof value === "string" ? [[name, value]] : [],
        ),
        body: Buffer.isBuffer(request.body) ? Uint8Array.from(request.body) : null,
        signal: late,
      });
      const type = answer.headers.get("content-type") ?? "application/json";
      return reply
        .code(answer.status)
        .type(type)
        .send(Buffer.from(await answer.arrayBuffer()));
    } catch (cause) {
      throw new EndcapError("not_ready", { detail: "The recommender wakes up.", cause });
    } finally {
      waiting -= 1;
    }
  });
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
