import { PRINCIPAL_HEADER, type Principal } from "@endcap/protocol";
import { requestIdHeader } from "@endcap/service-kit";

/**
 * The headers of an upstream request, all of them: they are made here and never copied, so that no identity, hop or
 * host that a client writes into a header gets behind the edge.
 */
export function upstreamHeaders(
  token: string,
  principal: Principal,
  requestId: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    [PRINCIPAL_HEADER]: Buffer.from(JSON.stringify(principal)).toString("base64url"),
    [requestIdHeader]: requestId,
    ...more,
  };
}
