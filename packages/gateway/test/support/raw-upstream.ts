import { createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** An upstream at the level of bytes, for what no HTTP server would do. */
export interface RawUpstream {
  readonly url: string;
  readonly port: number;
  connections: number;
  /** Runs with the first bytes of each request. */
  onRequest: (socket: Socket, bytes: Buffer) => void;
  close(): Promise<void>;
}

export async function startRawUpstream(onRequest: RawUpstream["onRequest"], port = 0): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    upstream.connections += 1;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => upstream.onRequest(socket, bytes));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  const upstream: RawUpstream = {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    connections: 0,
    onRequest,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  onTestFinished(() => upstream.close());
  return upstream;
}

/** A whole HTTP/1.1 answer. */
export function respond(socket: Socket, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  socket.write(
    `HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}
