/** The fake of `@endcap/sdk-node/testing` on a free port, for runtimes that are other processes. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeEndcap } from "@endcap/sdk-node/testing";

export interface ServedFake extends AsyncDisposable {
  readonly endpoint: string;
  readonly key: string;
  readonly secret: string;
  readonly fake: FakeEndcap;
}

export async function serveFake(): Promise<ServedFake> {
  const fake = new FakeEndcap();
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const headers = new Headers();
      for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
      const { method = "GET", url = "/" } = request;
      const answer = await fake.fetch(`http://${request.headers.host}${url}`, {
        method,
        headers,
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      });
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(await answer.text());
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    key: fake.key,
    secret: fake.secret,
    fake,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
