import type { PartFrame } from "@endcap/service-kit";
import type { PrincipalText } from "../auth/caller.ts";

/** @param more members of the header line as JSON text, in ASCII, each behind a comma */
export function partFrame(principal: PrincipalText, requestId: string, payload: Uint8Array, more = ""): PartFrame {
  const head = `${principal.partHead}${requestId}","n":${payload.length}${more}}\n`;
  return { head, payload, bytes: head.length + payload.length + 1 };
}
