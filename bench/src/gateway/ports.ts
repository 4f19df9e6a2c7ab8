import { once } from "node:events";
import { createConnection, createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens on no port");
  return address.port;
}

/** A port that was free just now, for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
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
