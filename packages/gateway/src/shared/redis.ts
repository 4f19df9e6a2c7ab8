import type { Logger } from "pino";
import { Gauge, type Registry } from "prom-client";

/** The few commands that gateways share a Redis by. */
export interface Redis {
  /** False while there is no connection: then nothing is sent, and nothing waits for one. */
  readonly ready: boolean;
  /** Runs a script, by its hash once Redis knows it. */
  evaluate(script: string, key: string, args: readonly string[]): Promise<unknown>;
  /** Whether the key was new. */
  setIfAbsent(key: string, msToLive: number): Promise<boolean>;
  close(): void;
}

const connectMsMax = 2_000;
/** A connection on which nothing comes back for so long is cut and made anew; pings see to it that something should. */
const silenceMsMax = 3_000;
const pingEveryMs = 1_000;
const retryMsMax = 2_000;
const commandsQueuedMax = 20_000;

/** Loads the client only here, so that a gateway without Redis does not. It connects, and connects again, by itself. */
export async function openRedis(url: string, log: Logger, registry: Registry): Promise<Redis> {
  const { createClient } = await import("@redis/client");
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: commandsQueuedMax,
    pingInterval: pingEveryMs,
    socket: {
      connectTimeout: connectMsMax,
      socketTimeout: silenceMsMax,
      reconnectStrategy: (retries) => Math.min(retryMsMax, 50 * 2 ** Math.min(retries, 6)) * (0.5 + Math.random() / 2),
    },
  });
  let told: boolean | undefined;
  const tell = (up: boolean, error?: unknown) => {
    if (told === up) return;
    told = up;
    if (up) log.info("limits and nonces are shared through Redis");
    else log.warn({ err: error }, "Redis is lost: each gateway holds its part of the limits until it is back");
  };
  client.on("ready", () => tell(true));
  client.on("error", (error: unknown) => tell(false, error));
  new Gauge({
    name: "endcap_redis_up",
    help: "1 while limits and nonces are shared through Redis",
    registers: [registry],
    collect() {
      this.set(client.isReady ? 1 : 0);
    },
  });
  // Rejected only when it is closed before it ever connected: every other failure is tried again.
  client.connect().catch((error: unknown) => tell(false, error));
  const hashes = new Map<string, string>();

  return {
    get ready() {
      return client.isReady;
    },
    async evaluate(script, key, args) {
      const options = { keys: [key], arguments: [...args] };
      let hash = hashes.get(script);
      if (hash === undefined) {
        hash = await client.scriptLoad(script);
        hashes.set(script, hash);
      }
      try {
        return await client.evalSha(hash, options);
      } catch (error) {
        // A Redis that was restarted has forgotten the script.
        if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
        return await client.eval(script, options);
      }
    },
    async setIfAbsent(key, msToLive) {
      return (await client.set(key, "1", { NX: true, PX: msToLive })) !== null;
    },
    close() {
      if (client.isOpen) client.destroy();
    },
  };
}
