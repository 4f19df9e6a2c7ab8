/** What a client is made of, judged before the first request. */
import { decodeSecret, parseKeyId } from "@endcap/protocol/ids";
import { type DerivedKeys, deriveKeys } from "@endcap/protocol/keys";
import type { RandomBytes } from "@endcap/protocol/uuid";
import type { After } from "./clock.ts";
import type { BatchingOptions } from "./events/tracker.ts";
import type { Hooks } from "./hooks.ts";

export interface EndcapOptions {
  /** Origin of the gateway, e.g. `https://edge.endcap.example`. */
  readonly endpoint: string;
  /** `sk_live_…` or `sk_test_…`. */
  readonly key: string;
  /** Shown once when the key was made. */
  readonly secret: string;
  /** `signature` (default) signs each request as RFC 9421 says; `bearer` sends the secret itself, for proxies that rewrite what is signed. */
  readonly auth?: "signature" | "bearer" | undefined;
  /** Deadline of a call, retries included; default 30 s, recommendations 2 s. */
  readonly timeoutMsMax?: number | undefined;
  /** One attempt; default 10 s. */
  readonly attemptMsMax?: number | undefined;
  /** Attempts after the first; default 3, recommendations 1. */
  readonly retries?: number | undefined;
  /** How `track()` batches. */
  readonly batching?: BatchingOptions | undefined;
  readonly hooks?: Hooks | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly now?: (() => number) | undefined;
  readonly random?: RandomBytes | undefined;
  /** The timer, for tests that own time. */
  readonly after?: After | undefined;
}

export interface Credentials {
  readonly origin: string;
  readonly keyId: string;
  readonly keys: DerivedKeys;
  readonly bearer: string | undefined;
}

/** Throws a TypeError that names the option and never its value: this text may end in a log. */
export function readCredentials(options: EndcapOptions): Credentials {
  const origin = originOf(options.endpoint);
  if (parseKeyId(options.key)?.kind !== "secret") {
    throw new TypeError("key is no secret key id: copy all of sk_…, its last four letters are a checksum");
  }
  const secret = decodeSecret(options.secret);
  if (!secret) throw new TypeError("secret is not the 43 characters that came with the key");
  const bearer = options.auth === "bearer" ? `${options.key}.${options.secret}` : undefined;
  return { origin, keyId: options.key, keys: deriveKeys(options.key, secret), bearer };
}

function originOf(endpoint: string): string {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch {
    throw new TypeError("endpoint is not an absolute URL");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new TypeError("endpoint is not an http(s) URL");
  if (url.pathname !== "/" || url.search || url.hash || url.username) {
    throw new TypeError("endpoint is an origin: scheme, host and port, nothing after");
  }
  return url.origin;
}
