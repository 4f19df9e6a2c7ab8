import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { readBody, type Service } from "../src/index.ts";
import { type LogRecord, testService } from "./support/service.ts";

interface Heard {
  chunks: string[];
  ends: number;
  failures: string[];
}

/** A service that answers with what it read, and what its readers heard. `delayMs` is what it does before it reads. */
function readingService(delayMs?: number): { service: Service; heard: Heard[]; records: LogRecord[] } {
  const { service, records } = testService();
  const heard: Heard[] = [];
  const { app } = service;
  if (delayMs !== undefined) app.addHook("onRequest", async () => void (await sleep(delayMs)));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => {
    const own: Heard = { chunks: [], ends: 0, failures: [] };
    heard.push(own);
    readBody(payload, {
      chunk: (bytes) => void own.chunks.push(bytes.toString("latin1")),
      end() {
        own.ends += 1;
        done(null, own.chunks.join(""));
      },
      fail(error) {
        own.failures.push(error.message);
        done(error);
      },
    });
  });
  app.post("/", async ({ body }) => ({ body }));
  app.post("/early", { onRequest: async (_request, reply) => reply.send({ early: true }) }, async () => ({}));
  return { service, heard, records };
}

async function connection({ service }: { service: Service }): Promise<{ socket: Socket; got: () => string }> {
  const { url } = await service.listen();
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
  });
  await once(socket, "connect");
  return { socket, got: () => text };
}

const head = (path: string, framing: string) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: a/b\r\n${framing}\r\n\r\n`;
const bodies = (text: string) => [...text.matchAll(/\{"body":"([^"]*)"\}/g)].map(([, body]) => body);

it.each([
  ["while the request is being looked at", undefined],
  ["when some of it has long been here", 30],
])("reads a body %s: whole, in pieces, in chunks, and pipelined in their order", async (_when, delayMs) => {
  const reading = readingService(delayMs);
  const { socket, got } = await connection(reading);
  socket.write(`${head("/", "content-length: 5")}whole`);
  await expect.poll(() => bodies(got())).toEqual(["whole"]);
  socket.write(`${head("/", "content-length: 6")}pie`);
  await sleep(60);
  socket.write("ces");
  await expect.poll(() => bodies(got())).toEqual(["whole", "pieces"]);
  socket.write(`${head("/", "transfer-encoding: chunked")}3\r\nchu\r\n4\r\nnked\r\n0\r\n\r\n`);
  await expect.poll(() => bodies(got())).toEqual(["whole", "pieces", "chunked"]);
  socket.write(`${head("/", "content-length: 3")}one${head("/", "content-length: 3")}two`);
  await expect.poll(() => bodies(got())).toEqual(["whole", "pieces", "chunked", "one", "two"]);
  expect(reading.heard.every(({ ends, failures }) => ends === 1 && failures.length === 0)).toBe(true);
  socket.destroy();
});

it("tells once of a body that is broken off, and records a client that left", async () => {
  const reading = readingService();
  const { socket } = await connection(reading);
  socket.write(`${head("/", "content-length: 10")}some`);
  await expect.poll(() => reading.heard[0]?.chunks).toEqual(["some"]);
  socket.destroy();
  await expect.poll(() => reading.heard[0]?.failures).toHaveLength(1);
  await sleep(20);
  expect(reading.heard).toEqual([{ chunks: ["some"], ends: 0, failures: [expect.any(String)] }]);
  const completed = reading.records.filter(({ msg }) => msg === "request completed");
  expect(completed.map(({ status }) => status)).toEqual([499]);
});

it("goes on with a connection whose request was answered before its body came", async () => {
  const reading = readingService();
  const { socket, got } = await connection(reading);
  socket.write(`${head("/early", "content-length: 10")}some`);
  await expect.poll(got).toContain('{"early":true}');
  socket.write(` bytes${head("/", "content-length: 4")}next`);
  await expect.poll(() => bodies(got())).toEqual(["next"]);
  socket.destroy();
});

it("ends as a stream does: node:http lets go of a request that was answered", async () => {
  const reading = readingService();
  const ended: boolean[] = [];
  reading.service.app.addHook("onResponse", async ({ raw }) => void ended.push(raw.readableEnded));
  const { socket, got } = await connection(reading);
  socket.write(`${head("/", "content-length: 2")}ok`);
  await expect.poll(() => bodies(got())).toEqual(["ok"]);
  await expect.poll(() => ended).toEqual([true]);
  socket.destroy();
});
