import { randomInt } from "node:crypto";
import getPort from "get-port";

/**
 * A port for programs that cannot choose one themselves. It lies below those that Linux gives to outgoing connections
 * (32,768 and up): one of those would now and then take it before its program does.
 */
export function freePort(): Promise<number> {
  return getPort({ host: "127.0.0.1", port: Array.from({ length: 100 }, () => randomInt(10_000, 32_768)) });
}
