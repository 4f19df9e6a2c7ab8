/** What every part of one client shares. */
import type { RandomBytes } from "@endcap/protocol/uuid";
import type { Store } from "../outbox/store.ts";
import type { SessionChunk } from "../session/chunk.ts";
import type { post } from "../transport/post.ts";

export interface Context {
  /** Publishable key id. */
  readonly key: string;
  /** Origin of the gateway, or the address of the shop's own proxy to it. */
  readonly endpoint: string;
  readonly store: Store;
  /** Unix milliseconds by this device's clock. */
  readonly now: () => number;
  readonly random: RandomBytes;
  /** One line for a developer; silent unless debugging. docs/browser.md explains each. */
  readonly warn: (...what: unknown[]) => void;
  readonly post: typeof post;
  readonly loadSession: () => Promise<SessionChunk>;
}
