import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

export interface Listener {
  close(): Promise<void>;
}

const RECONNECT_MS = 500;

/**
 * LISTENs on a channel with a connection of its own and reconnects when that is lost. `onConnect` runs after every
 * (re)connection, because notifications sent in between are gone: the receiver must look for itself.
 */
export async function listen(
  config: pg.ClientConfig,
  channel: string,
  onNotify: (payload: string) => void,
  onConnect: () => void,
): Promise<Listener> {
  let client: pg.Client | undefined;
  let closed = false;

  async function connect(): Promise<void> {
    const next = new pg.Client({ ...config, keepAlive: true });
    next.on("notification", (message) => onNotify(message.payload ?? ""));
    next.on("error", () => {
      // "end" follows and reconnects.
    });
    await next.connect();
    await next.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    next.on("end", () => {
      if (!closed) void reconnect();
    });
    client = next;
    onConnect();
  }

  async function reconnect(): Promise<void> {
    while (!closed) {
      try {
        await connect();
        return;
      } catch {
        await delay(RECONNECT_MS, undefined, { ref: false });
      }
    }
  }

  await connect();
  return {
    async close() {
      closed = true;
      await client?.end().catch(() => undefined); // lost already
    },
  };
}
