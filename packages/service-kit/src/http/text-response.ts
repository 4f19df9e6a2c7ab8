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

/**
 * An answer that takes a list of header fields as it is. `writeHead` looks at each field's name three times and at its value
 * twice, which for twelve fields is a twentieth of a hot request.
 */
export class TextResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  #firstLines: string | null = null;

  /**
   * Sends a whole answer in one write.
   * @param fields names and values in turn, all ASCII, the length and the connection not among them
   * @param isAscii whether the body is, for certain; `false` where nobody knows
   * @param isLast whether the connection ends with it
   * @throws TypeError where a value would begin a line of its own; nothing is sent then
   */
  sendWhole(status: number, fields: readonly string[], body: string, isAscii: boolean, isLast: boolean): void {
    if (isLast) this.shouldKeepAlive = false;
    if (this.req.httpVersion !== "1.1") {
      // Node tells older clients no length unless it is among the fields.
      this.writeHead(status, [...fields, "content-length", String(Buffer.byteLength(body))]).end(body);
      return;
    }
    let lines = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
    for (let at = 0; at < fields.length; at += 2) {
      const value = fields[at + 1] ?? "";
      if (value.includes("\n") || value.includes("\r")) throw new TypeError(`${fields[at]} has a value of two lines`);
      lines += `${fields[at]}: ${value}\r\n`;
    }
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
