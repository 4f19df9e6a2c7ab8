import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createConnection, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import getPort from "get-port";

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens on no port");
  return address.port;
}

/**
 * A port for programs that cannot choose one themselves. It lies below those that Linux gives to outgoing connections
 * (32,768 and up): one of those would now and then take it before its program does.
 */
export function freePort(): Promise<number> {
  return getPort({ host: "127.0.0.1", port: Array.from({ length: 100 }, () => randomInt(10_000, 32_768)) });
}

/** Waits until something accepts connections on the port. */
export async function listening(port: number, name: string, msMax = 10_000): Promise<void> {
  const until = Date.now() + msMax;
  for (;;) {
    const socket = createConnection(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch (error) {
      if (Date.now() > until) throw new Error(`${name} does not listen`, { cause: error });
    } finally {
      socket.destroy();
    }
    await sleep(20);
  }
}
