/** Reading what a test may have got wrong. */
import { EndcapError } from "@endcap/protocol";

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** @throws EndcapError `invalid_json` */
export function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    throw new EndcapError("invalid_json", { cause: error });
  }
}
