import { connect } from "node:net";
import { expect, it } from "vitest";
import { textResponseOf } from "../src/index.ts";
import { testService } from "./support/service.ts";

const fields = ["endcap-request-id", "req_1", "vary", "origin", "content-type", "application/json; charset=utf-8"];

/** All that comes back until nothing more does, or until the service closes the connection. */
function exchange(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    let answer = "";
    socket.setTimeout(200, () => socket.destroy());
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.on("error", reject).on("close", () => resolve(answer));
    socket.on("end", () => {
      answer += "(closed)";
    });
    socket.write(text);
  });
}

/** The head in lower case and without its date, its fields in the order of their names: an order has no meaning. */
function told(answer: string): string[] {
  return answer.split(/(?=HTTP\/1\.1 )/).map((one) => {
    const [head = "", body = ""] = one.split("\r\n\r\n");
    const [line = "", ...rest] = head.toLowerCase().split("\r\n");
    return [line, ...rest.filter((field) => !field.startsWith("date: ")).sort(), body].join("\n");
  });
}

it.each([
  ["a request", "GET / HTTP/1.1\r\nhost: x\r\n\r\n", false],
  ["the last one of a connection", "GET / HTTP/1.1\r\nhost: x\r\n\r\n", true],
  ["a client that wants no other", "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", false],
  ["a status without a body", "GET /?204 HTTP/1.1\r\nhost: x\r\n\r\n", false],
  ["a status that nobody knows", "GET /?299 HTTP/1.1\r\nhost: x\r\n\r\n", false],
  ["HTTP/0.9", "GET /\r\n\r\n", false],
  ["HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", false],
  ["HTTP/1.0 with a connection to keep", "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", false],
  ["two at once", "GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n", false],
])("answers %s as node's own writeHead does", async (_what, request, isLast) => {
  const { service } = testService();
  const answers: Record<string, string> = {};
  let way = "";
  const body = '{"word":"naïve ☕"}';
  service.app.get("/", ({ url }, reply) => {
    reply.hijack();
    const status = Number(url.split("?")[1] ?? 202);
    if (way === "sendWhole") textResponseOf(reply.raw).sendWhole(status, fields, body, false, isLast);
    else {
      const length = ["content-length", String(Buffer.byteLength(body))];
      reply.raw.writeHead(status, [...fields, ...length, ...(isLast ? ["connection", "close"] : [])]);
      reply.raw.end(body);
    }
  });
  const { url } = await service.listen();
  for (way of ["sendWhole", "writeHead"]) answers[way] = await exchange(url, request);
  const { sendWhole = "", writeHead = "" } = answers;
  expect(told(sendWhole)).toEqual(told(writeHead));
  if (!request.includes("204")) expect(sendWhole).toContain(Buffer.from(body).toString("latin1"));
  expect(sendWhole).toMatch(/\r\ndate: /i);
});

it("an ASCII body leaves as it is", async () => {
  const { service } = testService();
  service.app.get("/", (_request, reply) => {
    reply.hijack();
    textResponseOf(reply.raw).sendWhole(200, fields, '{"a":1}', true, false);
  });
  const { url } = await service.listen();
  const answer = await fetch(url);
  expect(answer.headers.get("content-length")).toBe("7");
  expect(await answer.json()).toEqual({ a: 1 });
});

it.each(["\r\n", "\n", "\r", "\u010d\u010a", "\0"].map((end) => `x${end}set-cookie: stolen`))(
  "a value that could begin a line of its own is a fault of ours, and nothing of it is sent: %j",
  async (value) => {
    const { service } = testService();
    service.app.get("/", async (_request, reply) => {
      textResponseOf(reply.raw).sendWhole(200, ["a", value], "{}", true, false);
    });
    const { url } = await service.listen();
    const answer = await fetch(url);
    expect(answer.status).toBe(500);
    expect(answer.headers.get("set-cookie")).toBeNull();
  },
);

it("says of each answer what that one says, however often the others said the same", async () => {
  const { service } = testService();
  service.app.get<{ Params: { value: string } }>("/:value", async ({ params }, reply) => {
    textResponseOf(reply.raw).sendWhole(200, ["x-said", params.value], "{}", true, false);
    reply.hijack();
  });
  const { url } = await service.listen();
  const said = async (value: string) => (await fetch(`${url}/${encodeURIComponent(value)}`)).headers.get("x-said");
  const others = Array.from({ length: 150 }, (_, n) => `other ${n}`);
  const values = ["first", "first", "second", "first", ...others, "first", "first"];
  for (const value of values) expect(await said(value)).toBe(value);
  expect(await said("first\r\nset-cookie: stolen")).toBeNull();
});
