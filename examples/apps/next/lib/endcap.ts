/** The server's client: one for the life of the process, made when it is first wanted, so that a build needs no key. */
// snippet: server
import { Endcap } from "@endcap/sdk-node";

let client: Endcap | undefined;

export function endcap(): Endcap {
  const { ENDCAP_ENDPOINT = "", ENDCAP_KEY = "", ENDCAP_SECRET = "" } = process.env;
  client ??= new Endcap({ endpoint: ENDCAP_ENDPOINT, key: ENDCAP_KEY, secret: ENDCAP_SECRET });
  return client;
}
// end
