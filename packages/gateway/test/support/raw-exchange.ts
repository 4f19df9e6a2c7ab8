import { connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** Of the problem; absent in any other answer. */
  readonly code?: string;
}

const sentinel = "GET /healthz HTTP/1.1\r\nhost: sentinel\r\nconnection: close\r\n\r\n";

/**
 * Writes bytes (Latin-1) to a connection of their own, and tells every answer until it is closed. Behind the first answer
 * goes a probe that asks for the end: answers come in the order of requests, so its own is the last there can be.
 */
export function exchangeBytes(url: string, ...writes: readonly string[]): Promise<RawAnswer[]> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer[]>();
  let told = "";
  let asked = false;
  const socket = connect({ host: hostname, port: Number(port) }, () => {
    for (const bytes of writes) socket.write(bytes, "latin1");
  });
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    told += chunk;
    if (asked || answersIn(told).answers.length === 0) return;
    asked = true;
    socket.write(sentinel);
  });
  // It may hang up while it is written to.
  socket.on("error", () => undefined);
  socket.on("close", () => {
    const { answers, rest, last } = answersIn(told);
    if (rest !== "") reject(new Error(`bytes that are no answer: ${JSON.stringify(rest)}`));
    else resolve(last === '{"status":"ok"}' ? answers.slice(0, -1) : answers);
  });
  return promise;
}

function answersIn(told: string): { answers: RawAnswer[]; rest: string; last: string } {
  const answers: RawAnswer[] = [];
  let last = "";
  let at = 0;
  for (;;) {
    const headEnd = told.indexOf("\r\n\r\n", at);
    const head = told.slice(at, headEnd);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    if (headEnd < 0 || Number.isNaN(status)) break;
    const bodyAt = headEnd + 4;
    const bodyEnd = bodyAt + Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    if (told.length < bodyEnd) break;
    at = bodyEnd;
    last = told.slice(bodyAt, bodyEnd);
    // "Go on" is not an answer.
    if (status < 200) continue;
    const isProblem = /^content-type: application\/problem\+json/im.test(head);
    answers.push({ status, ...(isProblem && { code: JSON.parse(last).code }) });
  }
  return { answers, rest: told.slice(at), last };
}
