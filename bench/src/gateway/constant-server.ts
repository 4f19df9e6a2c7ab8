/**
 * The upstream of a gateway that is measured alone, as cheap as a Node process can be: a raw socket that answers events,
 * coalesced or not, with an acceptance and anything else with a list. argv is the port.
 */
import { createServer, type Socket } from "node:net";
import { acceptance, list } from "./constant-answers.ts";

const head = (type: string, length: number) =>
  `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`;
const listAnswer = Buffer.from(head("application/json", list.length) + list);
const acceptanceAnswer = Buffer.from(head("application/json", acceptance.length) + acceptance);
const lineFeed = 10;

/** One answer line for each part. */
function answerParts(body: Buffer): Buffer {
  let lines = "";
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf(lineFeed, at);
    const line = body.toString("latin1", at, end);
    const nAt = line.lastIndexOf('"n":');
    const rAt = line.lastIndexOf('"r":', nAt);
    lines += `{${line.slice(rAt, nAt)}"s":202,"b":${acceptance}}\n`;
    at = end + 2 + Number(line.slice(nAt + 4, -1));
  }
  return Buffer.from(head("application/vnd.endcap.batch+ndjson", lines.length) + lines, "latin1");
}

function serve(socket: Socket): void {
  let held: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (;;) {
      const end = held.indexOf("\r\n\r\n");
      if (end < 0) return;
      const fields = held.toString("latin1", 0, end);
      const length = Number(/content-length: (\d+)/i.exec(fields)?.[1] ?? 0);
      const bodyAt = end + 4;
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
