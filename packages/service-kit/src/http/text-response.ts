import type { ServerResponse as AnyResponse, IncomingMessage } from "node:http";

/** Not by import: that reads every export of `node:http`, and one loads an HTTP client: 14 MB, two of which stay. */
const { ServerResponse, STATUS_CODES } = process.getBuiltinModule("node:http");

declare module "node:http" {
  // In Node since 0.x, though not in its documentation; text-response.test.ts compares what they make.
  interface ServerResponse {
    /** Asked for a head when the first byte of a body is there and `writeHead` was not called. */
    _implicitHeader(): void;
    /** Makes the head: these lines, the fields, and what Node adds: length, date, connection. */
    _storeHeader(firstLines: string, fields: null): void;
  }
}

/** RFC 9110, 5.5. Text beyond Latin-1 is cut to its lowest byte when it is written, which may be a line feed. */
const noFieldValue = /[^\t\x20-\x7e\x80-\xff]/;

/** What a field says, once looked through, and how that is written. */
interface Said {
  readonly value: string;
  readonly line: string;
  /** How many answers in a row said something else. */
  others: number;
}

/** By the field's name: most say the same in answer after answer, and need be looked through and written once. */
const said = new Map<string, Said>();
/** Names are ours; whoever made them up would have each value looked through. */
const saidMax = 100;
/** A field that said something else so often in a row says something new each time: comparing is for nothing, */
const othersMax = 100;
/** until so many answers later, when it may have settled on something. */
const othersUntilNext = 10_000;

/** @throws TypeError where the value could begin a line of its own */
function lineOf(name: string, value: string): string {
  const known = said.get(name);
  if (known !== undefined && known.others < othersMax && known.value === value) {
    known.others = 0;
    return known.line;
  }
  if (noFieldValue.test(value)) throw new TypeError(`${name} has a value that is none`);
  const line = `${name}: ${value}\r\n`;
  if (known === undefined ? said.size < saidMax : known.others === othersUntilNext) {
    said.set(name, { value, line, others: 0 });
  } else if (known !== undefined) known.others += 1;
  return line;
}

const hasBody = (status: number): boolean => status >= 200 && status !== 204 && status !== 304;

/**
 * An answer that takes a list of header fields as it is. `writeHead` looks at each field's name three times, which
 * for twelve fields is a thirtieth of a hot request.
 */
export class TextResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  #firstLines: string | null = null;

  /**
   * Sends a whole answer in one write.
   * @param fields names and values in turn, all ASCII, the length and the connection not among them
   * @param isAscii whether the body is, for certain; `false` where nobody knows
   * @param isLast whether the connection ends with it
   * @throws TypeError where a value could begin a line of its own; nothing is sent then
   */
  sendWhole(status: number, fields: readonly string[], body: string, isAscii: boolean, isLast: boolean): void {
    if (isLast) this.shouldKeepAlive = false;
    const reason = STATUS_CODES[status];
    if (this.req.httpVersion !== "1.1" || !hasBody(status) || reason === undefined) {
      // Node tells older clients no length unless it is among the fields, and has rules for a status without a body.
      this.writeHead(status, [...fields, "content-length", String(Buffer.byteLength(body))]).end(body);
      return;
    }
    let lines = `HTTP/1.1 ${status} ${reason}\r\n`;
    for (let at = 0; at < fields.length; at += 2) lines += lineOf(fields[at] ?? "", fields[at + 1] ?? "");
    this.statusCode = status;
    this.#firstLines = lines;
    this.end(body, isAscii ? "latin1" : "utf8");
  }

  override _implicitHeader(): void {
    if (this.#firstLines === null) super._implicitHeader();
    else this._storeHeader(this.#firstLines, null);
  }
}

/** The answer of an app that `createApp` made. */
export function textResponseOf(raw: AnyResponse): TextResponse {
  if (raw instanceof TextResponse) return raw;
  throw new TypeError("the answer is of another app");
}
