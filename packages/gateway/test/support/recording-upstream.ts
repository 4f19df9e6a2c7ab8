import type { Socket } from "node:net";
import { respond, startRawUpstream } from "./raw-upstream.ts";

/** A request as it arrived, byte by byte: Latin-1. */
export interface Recorded {
  /** Method and target, with `internal` paths as they are. */
  readonly line: string;
  /** Names in lower case, in the order of their arrival, none joined. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface RecordingUpstream {
  readonly url: string;
  /** What arrived since it was last asked; probes of health are not told. */
  take(): Recorded[];
}

/**
 * An upstream that writes down what arrives, with a reader of its own that knows one way to say how long a body is: bytes
 * behind a body stand in the record as a request of their own, or as what they are. It answers as a collector would.
 */
export async function startRecordingUpstream(): Promise<RecordingUpstream> {
  let arrived: Recorded[] = [];
  const unread = new WeakMap<Socket, string>();
  const { url } = await startRawUpstream((socket, bytes) => {
    let text = (unread.get(socket) ?? "") + bytes.toString("latin1");
    for (;;) {
      const headEnd = text.indexOf("\r\n\r\n");
      if (headEnd < 0) break;
      const [line = "", ...lines] = text.slice(0, headEnd).split("\r\n");
      const fields = lines.map((field): [string, string] => {
        const colon = field.indexOf(":");
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
      });
      const bodyAt = headEnd + 4;
      const bodyEnd = bodyAt + Number(fields.find(([name]) => name === "content-length")?.[1] ?? 0);
      if (text.length < bodyEnd) break;
      const recorded = { line: line.replace(/ HTTP\/1\.1$/, ""), fields, body: text.slice(bodyAt, bodyEnd) };
      text = text.slice(bodyEnd);
      if (recorded.line !== "GET /healthz") arrived.push(recorded);
      answer(socket, recorded);
    }
    unread.set(socket, text);
  });
  return {
    url,
    take() {
      const taken = arrived;
      arrived = [];
      return taken;
    },
  };
}

function answer(socket: Socket, { line, body }: Recorded): void {
  if (line !== "POST /internal/v1/event-batches") {
    respond(socket, 200, {});
    return;
  }
  const accepted = { accepted: 1, duplicates: 0, rejected: [] };
  const lines = [...body.matchAll(/"r":"([^"]+)"/g)].map(([, r]) => JSON.stringify({ r, s: 202, b: accepted }));
  const text = `${lines.join("\n")}\n`;
  socket.write(
    `HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  );
}
