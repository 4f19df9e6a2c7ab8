import type { AsyncLocalStorage } from "node:async_hooks";
import { callbackify } from "node:util";
import { EndcapError } from "@endcap/protocol";
import type { Dispatcher } from "undici";
import type { Passage } from "../tracing/passage.ts";
import { mayRetry, upstreamFault } from "./call-upstream.ts";
import { refusalOfBytes } from "./refusal.ts";
import type { Upstream } from "./upstreams.ts";

/** Which upstream a proxied request goes to, and what ends it: what the proxy's own options cannot carry. */
export interface ProxiedCall {
  readonly upstream: Upstream;
  readonly signal: AbortSignal;
  readonly passage: Passage | null;
}

type Options = Pick<Dispatcher.RequestOptions, "method" | "path" | "headers" | "body">;
type Answer = Dispatcher.ResponseData;
type Callback = (error: Error | null, answer: Answer) => void;

const problemBytesMax = 64 * 1024;

/**
 * The `request` function that @fastify/reply-from calls: our pools, ended by the client's going away, with refusals
 * turned into our own errors before anything of them is passed on.
 */
export function proxyRequest(calls: AsyncLocalStorage<ProxiedCall>) {
  async function promised(options: Options): Promise<Answer> {
    const call = calls.getStore();
    if (call === undefined) throw new TypeError("a proxied request outside its call");
    const startedAt = performance.now();
    try {
      return await exchange(call, options);
    } catch (error) {
      throw error instanceof EndcapError ? error : upstreamFault(call.upstream.id, error);
    } finally {
      if (call.passage !== null) call.passage.upstreamMs = performance.now() - startedAt;
    }
  }
  const calledBack = callbackify(promised);

  function request(options: Options, callback: Callback): void;
  function request(options: Options): Promise<Answer>;
  function request(options: Options, callback?: Callback): Promise<Answer> | undefined {
    if (callback === undefined) return promised(options);
    calledBack(options, callback);
    return undefined;
  }
  return request;
}

async function exchange({ upstream, signal }: ProxiedCall, options: Options): Promise<Answer> {
  const { method, path, headers, body } = options;
  const { breaker, retries } = upstream;
  const attempt = () => upstream.pool.request({ method, path, headers, body, signal });
  retries.called();
  const answer = await attempt()
    .catch((error: unknown) => {
      if (signal.aborted || !mayRetry(upstream, error)) throw error;
      return attempt();
    })
    .catch((error: unknown) => {
      if (!signal.aborted) breaker.failed();
      throw error;
    });
  breaker.succeeded();
  if (answer.statusCode < 400) return answer;
  throw refusalOfBytes(upstream.id, answer.statusCode, await readBounded(answer.body));
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > problemBytesMax) throw new EndcapError("upstream_invalid", { internal: "a problem is too large" });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
