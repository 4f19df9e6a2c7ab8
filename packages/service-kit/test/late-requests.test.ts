import { connect } from "node:net";
import { expect, it } from "vitest";
import { testService } from "./support/service.ts";

/** All that comes back over one connection until it is closed. */
function exchange(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let answer = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.on("error", reject).on("close", () => resolve(answer));
    socket.write(text);
  });
}

it.each([
  ["headers", "POST / HTTP/1.1\r\nHost: x\r\nContent-Le"],
  ["a body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"],
])("%s that never end are told 408 and cut off", async (_what, text) => {
  const { service } = testService({ requestMsMax: 1_000 });
  service.app.post("/", async () => "whole");
  const { url } = await service.listen();
  const answer = await exchange(url, text);
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toContain('"code":"request_timeout"');
});
