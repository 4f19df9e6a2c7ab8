import { createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** An upstream at the level of bytes, for what no HTTP server would do. */
export interface RawUpstream {
  readonly url: string;
  readonly port: number;
  connections: number;
  /** Runs with the first bytes of each request. */
  onRequest: (socket: Socket, bytes: Buffer) => unknown;
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

/** The beginning of the answer to an open request, which ends with its connection. */
const openHead = "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.endcap.parts\r\nconnection: close\r\n\r\n";

/** The request ids of the parts among these bytes of an open request. */
export const partsIn = (bytes: Buffer): string[] =>
  [...bytes.toString().matchAll(/"r":"([^"]+)","n":[1-9]/g)].map(([, id = ""]) => id);

/** Answers the parts among these bytes of an open request, and begins its answer when it begins with them. */
export function respondToParts(socket: Socket, bytes: Buffer, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  const frames = partsIn(bytes).map((id) => `{"r":"${id}","s":${status},"n":${Buffer.byteLength(text)}}\n${text}\n`);
  socket.write((bytes.toString().startsWith("POST ") ? openHead : "") + frames.join(""));
}

/** The beginning of an answer, whether the request is one that stays open or not. */
export function respondInPart(socket: Socket, bytes: Buffer): void {
  const [part] = partsIn(bytes);
  if (bytes.includes("application/vnd.endcap.parts")) socket.write(`${openHead}{"r":"${part}","s":200,"n":9}\nabc`);
  else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
}
