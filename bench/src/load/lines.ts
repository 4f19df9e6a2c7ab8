/** Raw keep-alive connections, one request at a time on each: a load generator must leave the cores to those it loads. */
import { createConnection, type Socket } from "node:net";

export type Answered = (status: number, answer: string) => void;

interface Line {
  readonly socket: Socket;
  held: string;
  done: Answered | undefined;
}

export interface Lines {
  send(request: string, done: Answered): void;
  close(): void;
}

const contentLength = /\r\ncontent-length: (\d+)\r\n/i;
/**
 * All sockets read into it, one after the other. Left to itself, Node allocates 64 KB for every read, and V8 answers with a
 * full collection every 1.6 seconds at 1,000 answers a second, whose 5 to 13 ms would count as latency.
 */
const readBuffer = Buffer.alloc(65_536);
/** What a request ends as whose connection broke. */
const broken = 0;

/** At most `count` connections to the port; requests past them wait in line. */
export function openLines(port: number, count: number): Lines {
  const idle: Line[] = [];
  const waiting: { request: string; done: Answered }[] = [];
  let open = 0;
  let closing = false;

  function settle(line: Line, status: number, answer: string): void {
    const { done } = line;
    line.done = undefined;
    done?.(status, answer);
  }

  function next(line: Line): void {
    const first = waiting.shift();
    if (first === undefined) idle.push(line);
    else write(line, first.request, first.done);
  }

  function write(line: Line, request: string, done: Answered): void {
    line.done = done;
    line.socket.write(request, "latin1");
  }

  function read(line: Line, chunk: string): void {
    line.held += chunk;
    const end = line.held.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(contentLength.exec(line.held)?.[1] ?? 0);
    if (line.held.length < end + 4 + length) return;
    const answer = line.held;
    line.held = "";
    settle(line, Number(answer.slice(9, 12)), answer);
    next(line);
  }

  function connect(): Line {
    open += 1;
    const onread = {
      buffer: readBuffer,
      callback(bytes: number): boolean {
        read(line, readBuffer.toString("latin1", 0, bytes));
        return true;
      },
    };
    const socket = createConnection({ port, host: "127.0.0.1", noDelay: true, onread });
    const line: Line = { socket, held: "", done: undefined };
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      open -= 1;
      const at = idle.indexOf(line);
      if (at >= 0) idle.splice(at, 1);
      if (line.done !== undefined) settle(line, broken, "");
      const first = closing ? undefined : waiting.shift();
      if (first !== undefined) write(connect(), first.request, first.done);
    });
    return line;
  }

  return {
    send(request, done) {
      const line = idle.pop();
      if (line !== undefined) write(line, request, done);
      else if (open < count) write(connect(), request, done);
      else waiting.push({ request, done });
    },
    close() {
      closing = true;
      for (const { socket } of idle) socket.destroy();
    },
  };
}
