import { isUtf8 } from "node:buffer";
import { EndcapError } from "@endcap/protocol";
import { parse } from "secure-json-parse";

/** Strangers write these bytes: names that could reach a prototype are left out, the rest of the document stays. */
const actions = { protoAction: "remove", constructorAction: "remove" } as const;

/**
 * JSON from untrusted bytes.
 * @throws EndcapError `body_missing`, `invalid_json`. The parser's own message quotes the text, so it is not kept.
 */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new EndcapError("body_missing");
  if (!isUtf8(bytes)) throw new EndcapError("invalid_json", { internal: "not UTF-8" });
  try {
    return parse(bytes.toString(), null, actions);
  } catch {
    throw new EndcapError("invalid_json");
  }
}
