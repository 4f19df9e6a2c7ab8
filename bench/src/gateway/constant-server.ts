/**
 * The upstream of a gateway that is measured alone, as cheap as a Node process can be: a raw socket that answers events,
 * coalesced or not, with an acceptance and anything else with a list, also to the parts of an open request. argv is the
 * port.
 */
import { createServer, type Socket } from "node:net";
import { PARTS_CONTENT_TYPE } from "@endcap/protocol";
import { FrameReader } from "@endcap/service-kit";
import { acceptance, acceptanceOf, list } from "./constant-answers.ts";

const head = (type: string, length: number) =>
  `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`;
const listAnswer = Buffer.from(head("application/json", list.length) + list);
const acceptanceAnswer = Buffer.from(head("application/json", acceptance.length) + acceptance);
const lineFeed = 10;
const carriageReturn = 13;

let accepted = 0;

/** One answer line for each part. */
function answerParts(body: Buffer): Buffer {
  let lines = "";
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf(lineFeed, at);
    const line = body.toString("latin1", at, end);
    const nAt = line.lastIndexOf('"n":');
    const rAt = line.lastIndexOf('"r":', nAt);
    lines += `{${line.slice(rAt, nAt)}"s":202,"b":${acceptanceOf(accepted)}}\n`;
    accepted += 1;
    at = end + 2 + Number(line.slice(nAt + 4, -1));
  }
  return Buffer.from(head("application/vnd.endcap.batch+ndjson", lines.length) + lines, "latin1");
}

const openAnswer = `HTTP/1.1 200 OK\r\ncontent-type: ${PARTS_CONTENT_TYPE}\r\nconnection: close\r\n\r\n`;

/** The rest of the connection: chunks of frames, each part answered with a list. Returns what takes its bytes. */
function serveOpen(socket: Socket): (bytes: Buffer) => void {
  const reader = new FrameReader(64 * 1024);
  let held: Buffer = Buffer.alloc(0);
  socket.write(openAnswer);
  return (bytes) => {
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    let answers = "";
    for (let at = 0; ; ) {
      // undici sends the line end of a chunk with the chunk after it: waiting for it would be waiting for the next part.
      const sizeAt = held[at] === carriageReturn ? at + 2 : at;
      const sizeEnd = held.indexOf("\r\n", sizeAt);
      const size = sizeEnd < 0 ? Number.NaN : Number.parseInt(held.toString("latin1", sizeAt, sizeEnd), 16);
      const end = sizeEnd + 2 + size;
      if (!(held.length >= end)) {
        held = held.subarray(at);
        break;
      }
      if (size === 0) {
        socket.end(answers, "latin1");
        return;
      }
      for (const { header } of reader.push(held.subarray(sizeEnd + 2, end))) {
        if (header.x !== true) answers += `{"r":"${header.r}","s":200,"n":${list.length}}\n${list}\n`;
      }
      at = end;
    }
    if (answers !== "") socket.write(answers, "latin1");
  };
}

function serve(socket: Socket): void {
  let held: Buffer = Buffer.alloc(0);
  let open: ((bytes: Buffer) => void) | undefined;
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    if (open !== undefined) {
      open(chunk);
      return;
    }
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (;;) {
      const end = held.indexOf("\r\n\r\n");
      if (end < 0) return;
      const fields = held.toString("latin1", 0, end);
      const length = Number(/content-length: (\d+)/i.exec(fields)?.[1] ?? 0);
      const bodyAt = end + 4;
      if (fields.includes(PARTS_CONTENT_TYPE)) {
        open = serveOpen(socket);
        open(held.subarray(bodyAt));
        return;
      }
      if (held.length < bodyAt + length) return;
      const body = held.subarray(bodyAt, bodyAt + length);
      held = held.subarray(bodyAt + length);
      const path = fields.slice(5, fields.indexOf(" ", 5));
      if (path === "/internal/v1/event-batches") socket.write(answerParts(body));
      else socket.write(path === "/v1/events" ? acceptanceAnswer : listAnswer);
    }
  });
}

createServer(serve).listen(Number(process.argv[2]), "127.0.0.1");
