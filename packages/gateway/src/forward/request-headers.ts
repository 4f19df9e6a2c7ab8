import { PRINCIPAL_HEADER } from "@endcap/protocol";
import { requestIdHeader } from "@endcap/service-kit";
import type { PrincipalText } from "../auth/caller.ts";

/**
 * The headers of an upstream request, all of them: they are made here and never copied, so that no identity, hop or
 * host that a client writes into a header gets behind the edge.
 */
export function upstreamHeaders(
  token: string,
  principal: PrincipalText,
  requestId: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    [PRINCIPAL_HEADER]: principal.header,
    [requestIdHeader]: requestId,
    ...more,
  };
}
