import Type from "typebox";
import { Value } from "typebox/value";
import type { Database } from "../postgres/database.ts";
import { listen } from "../postgres/listen.ts";
import type { SnapshotChange, SnapshotSource } from "./source.ts";

/** What the database's trigger says. Neither tenant nor upstream: anything may have changed. */
const Notification = Type.Object({
  version: Type.Integer(),
  tenant: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  upstream: Type.Optional(Type.String()),
});

/** A receiver's end of the feed. */
export interface Subscriber {
  onChange(change: SnapshotChange): void;
  /** Changes may have been missed: the receiver needs everything again. */
  onGap(): void;
}

export interface SnapshotFeed {
  /** Newest version that was told to subscribers. */
  readonly version: number;
  subscribe(subscriber: Subscriber): () => void;
  close(): Promise<void>;
}

/**
 * Turns the database's notifications into changes. Notifications that arrive while one is being read are read together,
 * so a burst of writes costs a few reads, and a revocation is never behind more than one.
 */
export async function openSnapshotFeed(
  db: Database,
  source: SnapshotSource,
  onError: (error: unknown) => void,
): Promise<SnapshotFeed> {
  const subscribers = new Set<Subscriber>();
  let tenants = new Set<string>();
  let upstreams = new Set<string>();
  let noted = 0;
  let reading = false;
  let closed = false;
  let version = await source.version();

  function notify(payload: string): void {
    const message: unknown = JSON.parse(payload);
    if (!Value.Check(Notification, message)) throw new TypeError(`unknown notification on endcap_snapshot: ${payload}`);
    if (message.tenant == null && message.upstream === undefined) {
      version = message.version;
      for (const subscriber of subscribers) subscriber.onGap();
      return;
    }
    if (message.tenant != null) tenants.add(message.tenant);
    if (message.upstream !== undefined) upstreams.add(message.upstream);
    // In the order of their commits, which is that of their versions.
    noted = message.version;
    void read();
  }

  async function read(): Promise<void> {
    if (reading) return;
    reading = true;
    while (tenants.size + upstreams.size > 0 && !closed) {
      const [tenantIds, upstreamIds] = [[...tenants], [...upstreams]];
      tenants = new Set();
      upstreams = new Set();
      // Not the version that is read: a write that committed meanwhile is in that, and its notification still to come.
      const upTo = noted;
      try {
        const change = await source.change(upTo, tenantIds, upstreamIds);
        version = Math.max(version, upTo);
        for (const subscriber of subscribers) subscriber.onChange(change);
      } catch (error) {
        onError(error);
        for (const subscriber of subscribers) subscriber.onGap();
      }
    }
    reading = false;
  }

  /** After a lost connection nobody can say what was missed, unless the version stands where it stood. */
  function resync(): void {
    source.version().then((now) => {
      if (now === version) return;
      version = now;
      for (const subscriber of subscribers) subscriber.onGap();
    }, onError);
  }

  const listener = await listen(db.config, "endcap_snapshot", notify, resync);
  return {
    get version() {
      return version;
    },
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    async close() {
      closed = true;
      await listener.close();
    },
  };
}
