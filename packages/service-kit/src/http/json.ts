import { isUtf8 } from "node:buffer";
import { EndcapError } from "@endcap/protocol";
import { parse } from "secure-json-parse";

/**
 * JSON from untrusted bytes.
 * @param poison what becomes of names that could reach a prototype: they are left out and the rest of the document stays,
 * or the document is refused
 * @throws EndcapError `body_missing`, `invalid_json`. The parser's own message quotes the text, so it is not kept.
 */
export function parseJson(bytes: Buffer, poison: "remove" | "error" = "remove"): unknown {
  if (bytes.length === 0) throw new EndcapError("body_missing");
  if (!isUtf8(bytes)) throw new EndcapError("invalid_json", { internal: "not UTF-8" });
  try {
    return parse(bytes.toString(), null, { protoAction: poison, constructorAction: poison });
  } catch {
    throw new EndcapError("invalid_json");
  }
}
