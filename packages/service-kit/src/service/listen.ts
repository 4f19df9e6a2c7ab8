import type { ListenOptions } from "node:net";
import { EndcapError } from "@endcap/protocol";
import type { App } from "../app.ts";
import { envName } from "../config/define.ts";
import { type Acceptors, assertPortIsFree } from "./acceptors.ts";

/**
 * Connections that wait to be taken; Linux bounds it by `net.core.somaxconn`, 4,096 by default. Past it the first packet
 * of a connection is dropped, and its client waits a second before the next: with Node's 511 that is what the shoppers of
 * a busy edge met whenever its loop was late by a third of a second.
 */
const backlog = 4_096;

/**
 * Binds one port and answers the URL to reach it by.
 * @throws EndcapError `port_in_use`, in one sentence that says which key to change.
 */
export async function listenOn(
  app: App,
  service: string,
  key: "port" | "adminPort",
  host: string,
  port: number,
  acceptors?: Acceptors,
) {
  try {
    if (acceptors === undefined) {
      // Workers of one cluster share the traffic port; an admin port tells of the one process that it belongs to.
      await app.listen({ host, port, backlog, exclusive: key === "adminPort" });
    } else {
      if (port !== 0) await assertPortIsFree({ host, port });
      const shared: ListenOptions = { host, port, backlog, reusePort: true };
      await app.listen(shared);
      const bound = app.server.address();
      if (bound !== null && typeof bound !== "string") await acceptors.listen({ host, port: bound.port, backlog });
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    throw new EndcapError("port_in_use", {
      internal: `${service}: port ${port} on ${host} is in use; stop the other process or set ${envName(service, key)}`,
      cause: error,
    });
  }
  const address = app.server.address();
  if (address === null || typeof address === "string") throw new TypeError("the server listens on no port");
  // A wildcard is an address to listen on, not one to call.
  const reachable = { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[address.address] ?? address.address;
  return `http://${reachable.includes(":") && !reachable.startsWith("[") ? `[${reachable}]` : reachable}:${address.port}`;
}
