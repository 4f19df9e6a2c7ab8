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

it.each([
  ["what is no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", 400, "header_invalid"],
  [
    "two lengths",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 2\r\n\r\n{}",
    400,
    "framing_invalid",
  ],
  ["a tunnel", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_allowed"],
])("%s leaves a record and a number, though there is no request", async (_what, text, status, code) => {
  const { service, records } = testService();
  const { url } = await service.listen();
  const answer = await exchange(url, text);
  const [, id] = /"instance":"(req_[^"]+)"/.exec(answer) ?? [];
  expect(records.filter(({ msg }) => msg === "request refused unread")).toEqual([
    expect.objectContaining({ reqId: id, status, code }),
  ]);
  const metrics = await service.registry.metrics();
  expect(metrics).toMatch(
    new RegExp(`http_request_duration_seconds_count\\{[^}]*route="unread"[^}]*code="${status}"[^}]*\\} 1`),
  );
});
