import { type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import type { Writable } from "node:stream";
import type { SignedSnapshotLine, SnapshotMessage, SnapshotTenant } from "@endcap/protocol";
import { sealText } from "@endcap/service-kit";
import type { SnapshotFeed } from "./feed.ts";
import type { SnapshotPart, SnapshotSource } from "./source.ts";
import type { TenantState } from "./tenant-state.ts";

const HEARTBEAT_MS = 5_000;
/** A receiver that takes nothing for this long has lost its connection or its mind; it comes back with a new one. */
const STALLED_MS = 30_000;
/** Changes that may wait for one slow receiver. */
const WAITING_MAX = 1_000;

export interface SnapshotStreamOptions {
  readonly out: Writable;
  readonly source: SnapshotSource;
  readonly feed: SnapshotFeed;
  readonly signingKey: KeyObject;
  /** Key that this connection's gateway opens secrets with. Absent: a receiver that gets none. */
  readonly sealingKey?: KeyObject;
  /** Version that the receiver has already. */
  readonly held: number | undefined;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * Sends everything, or nothing to whoever has the newest version, then every change and a heartbeat, until the connection
 * or the feed ends.
 */
export function streamSnapshot(options: SnapshotStreamOptions): void {
  const { out, source, feed, signingKey, sealingKey, held, now } = options;
  let sent = 0;
  let waiting = 0;
  let queue = Promise.resolve();
  const gone = new AbortController();

  /** One at a time and in order: a change that arrives during a full snapshot follows it. */
  function enqueue(work: () => Promise<void>): void {
    if (waiting >= WAITING_MAX) {
      out.destroy();
      return;
    }
    waiting += 1;
    queue = queue
      .then(() => (out.destroyed || out.writableEnded ? undefined : work()))
      .catch((error: unknown) => {
        options.onError(error);
        out.destroy();
      })
      .finally(() => {
        waiting -= 1;
      });
  }

  async function send(message: SnapshotMessage): Promise<void> {
    const body = JSON.stringify(message);
    const signature = sign(null, Buffer.from(body), signingKey).toString("base64url");
    const line: SignedSnapshotLine = { at: now(), body, signature };
    if (!out.write(`${JSON.stringify(line)}\n`)) {
      await once(out, "drain", { signal: AbortSignal.any([gone.signal, AbortSignal.timeout(STALLED_MS)]) });
    }
  }

  const changesOf = (part: SnapshotPart) => ({
    tenants: part.tenants.map(sealed),
    upstreams: [...part.upstreams],
    revokedSessions: [...part.revokedSessions],
  });

  function sealed({ tenant, secrets }: TenantState): SnapshotTenant {
    if (sealingKey === undefined) return tenant;
    return { ...tenant, sealed: sealText(sealingKey, tenant.id, JSON.stringify(secrets)) };
  }

  async function sendFull(): Promise<void> {
    let version = 0;
    await source.full(
      async (at) => {
        version = at;
        await send({ kind: "begin", version });
      },
      (part) => send({ kind: "part", version, ...changesOf(part) }),
    );
    await send({ kind: "end", version });
    sent = version;
  }

  /** After a restart of control all its gateways come back, and nearly always nothing has changed. */
  async function sendMissing(): Promise<void> {
    if (held === undefined || (await source.version()) !== held) return sendFull();
    sent = held;
    await send({ kind: "heartbeat", version: held });
  }

  const unsubscribe = feed.subscribe({
    onGap: () => enqueue(sendFull),
    onChange: (change) =>
      enqueue(async () => {
        if (change.version <= sent) return; // part of the full snapshot already
        const { version, removedTenants, removedUpstreams } = change;
        const removed = { removedTenants: [...removedTenants], removedUpstreams: [...removedUpstreams] };
        await send({ kind: "change", version, previous: sent, ...changesOf(change), ...removed });
        sent = version;
      }),
  });
  const heartbeat = setInterval(() => {
    if (waiting === 0) enqueue(() => send({ kind: "heartbeat", version: sent }));
  }, HEARTBEAT_MS);
  out.on("error", () => {
    // The receiver went away; "close" follows.
  });
  out.once("close", () => {
    gone.abort();
    clearInterval(heartbeat);
    unsubscribe();
  });
  enqueue(sendMissing);
}
