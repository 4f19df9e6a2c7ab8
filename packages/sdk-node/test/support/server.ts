/** A real HTTP server on a free port that records what arrives and answers as a test says. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type ReceivedRequest, requestKey, verifySignature } from "./verify-signature.ts";

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

export type Handler = (request: ReceivedRequest, count: number) => Answer | "hang" | "reset" | Promise<Answer>;

export interface TestServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly requests: ReceivedRequest[];
  /** Signature faults seen, in words. */
  readonly faults: string[];
  handle: Handler;
}

export async function startServer(credentials: { key: string; secret: string }, handle: Handler): Promise<TestServer> {
  const key = requestKey(credentials.key, credentials.secret);
  const requests: ReceivedRequest[] = [];
  const faults: string[] = [];
  const server = createServer((request, response) => {
    void receive(request).then(async (received) => {
      requests.push(received);
      try {
        if (!received.headers.authorization) verifySignature(received, key);
      } catch (error) {
        faults.push(String(error));
      }
      const answer = await api.handle(received, requests.length);
      if (answer === "hang") return;
      if (answer === "reset") return void request.socket.destroy();
      reply(response, answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const api: TestServer = {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    faults,
    handle,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return api;
}

async function receive(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return { method: request.method ?? "", target: request.url ?? "", headers, body: Buffer.concat(chunks) };
}

function reply(response: ServerResponse, answer: Answer): void {
  const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {});
  response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers });
  response.end(text);
}
