import type { Socket } from "node:net";
import { EndcapError } from "@endcap/protocol";
import type { FastifyRequest } from "fastify";

/**
 * Dot segments and doubled slashes, climbing behind an escaped slash too; what is no part of a path; a slash at the end; a
 * percent-encoded unreserved or control character: another spelling of some other path.
 */
const notCanonical =
  /\/\/|\/\.\/|\/\.?$|(?:\/|%2[fF])\.\.|\.\.(?:\/|%2[fF])|[#\\]|%(?:2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeEfF]|[01][0-9a-fA-F])/;

/** By their length. Node keeps the first of two and drops the other, which whoever stands in front may have gone by. */
const onceOnly: ReadonlyMap<number, string> = new Map(
  ["host", "content-type", "authorization"].map((name) => [name.length, name]),
);

/** What follows on these may be the inside of a body. It is there before the connection can be closed. */
const misframed = new WeakSet<Socket>();

/**
 * What everybody who calls the edge has to keep: one host, one spelling of a path, which is signed, routed and forwarded
 * alike, no query, no content encoding, no way to frame a body but a length or chunks.
 * @throws EndcapError
 */
export function checkTarget({ raw, headers }: FastifyRequest): void {
  const { "transfer-encoding": framing, host, "content-encoding": encoding } = headers;
  if (framing !== undefined && (framing.toLowerCase() !== "chunked" || raw.httpVersionMinor === 0)) {
    misframed.add(raw.socket);
  }
  if (misframed.has(raw.socket)) throw new EndcapError("framing_invalid");
  if (host === undefined) throw new EndcapError("header_invalid", { detail: "There is no Host." });
  checkOnce(raw.rawHeaders);
  const { url = "/" } = raw;
  if (url.includes("?")) throw new EndcapError("query_not_allowed");
  if (notCanonical.test(url)) throw new EndcapError("path_not_canonical");
  if (encoding !== undefined && encoding !== "identity") throw new EndcapError("content_encoding_unsupported");
}

/** @param fields names and values in turn */
function checkOnce(fields: readonly string[]): void {
  let seen = 0;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? "";
    const known = onceOnly.get(name.length);
    if (known === undefined || name.toLowerCase() !== known) continue;
    const bit = 1 << name.length;
    if (seen & bit) throw new EndcapError("header_invalid", { detail: `There is more than one ${known}.` });
    seen |= bit;
  }
}
