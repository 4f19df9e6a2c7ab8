import { once } from "node:events";
import { createServer, type ListenOptions, type Server } from "node:net";
import type { App } from "../app.ts";

/** Linux alone spreads connections over the sockets of one port. */
export const canShareAPort = process.platform === "linux";

export interface Acceptors {
  /** @param where the app's own, once it listens with `reusePort` */
  listen(where: ListenOptions): Promise<void>;
}

/**
 * More sockets on an app's port. Node takes one waiting connection from a listening socket in each turn of its event loop
 * (libuv since 1.45), so a process whose turns take 50 ms takes twenty a second, and on a machine that is full the clients
 * who come anew wait in the kernel, where nobody sees or sheds them, until their patience ends.
 */
export function createAcceptors(app: App, count: number): Acceptors {
  const servers: Server[] = [];
  let closed: Promise<unknown> | undefined;
  app.addHook("preClose", async () => {
    closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  });
  // A server is closed when its last connection is. Hooks of this kind run last first.
  app.addHook("onClose", async () => {
    await closed;
  });
  return {
    async listen(where) {
      for (let n = 0; n < count; n++) {
        // As node:http makes its own, which the connection is then given to.
        const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
          app.server.emit("connection", socket);
        });
        server.listen({ ...where, reusePort: true });
        await once(server, "listening");
        servers.push(server);
      }
    },
  };
}

/**
 * Sockets that share a port also share it with another process of the same user, which would get a part of the
 * connections, and neither would be told.
 * @throws Error EADDRINUSE
 */
export async function assertPortIsFree(where: ListenOptions): Promise<void> {
  const probe = createServer();
  probe.listen(where);
  await once(probe, "listening");
  probe.close();
  await once(probe, "close");
}
