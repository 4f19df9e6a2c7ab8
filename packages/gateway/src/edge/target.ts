import { EndcapError } from "@endcap/protocol";
import type { FastifyRequest } from "fastify";

/** Dot segments, doubled slashes, a percent-encoded unreserved or control character: another spelling of some other path. */
const notCanonical =
  /\/\/|\/\.\.?(?:\/|$)|%(?:2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeEfF]|[01][0-9a-fA-F])/;

/**
 * What everybody who calls the edge has to keep: a host, one spelling of a path, which is signed, routed and forwarded alike,
 * no query, no content encoding.
 * @throws EndcapError
 */
export function checkTarget(request: FastifyRequest): void {
  if (request.headers.host === undefined) throw new EndcapError("header_invalid", { detail: "There is no Host." });
  const { url = "/" } = request.raw;
  if (url.includes("?")) throw new EndcapError("query_not_allowed");
  if (notCanonical.test(url)) throw new EndcapError("path_not_canonical");
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") throw new EndcapError("content_encoding_unsupported");
}
