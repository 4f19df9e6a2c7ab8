import { decodeSecret, deriveKeys, signRequest } from "@endcap/protocol";
import { random } from "../smoke/shop.ts";
import type { TenantKeys } from "../stack/stack.ts";
import type { ReadyRequest } from "./drive.ts";

/** Makes signed POSTs of one tenant's secret key ready to send. They are good for 300 s. */
export function signer(gateway: string, keys: TenantKeys): (path: string, payload: unknown) => ReadyRequest {
  const secret = decodeSecret(keys.secret);
  if (secret === null) throw new Error("the secret is not 32 bytes of base64url");
  const { request: requestKey } = deriveKeys(keys.secretKey, secret);
  return (path, payload) => {
    const body = new TextEncoder().encode(JSON.stringify(payload));
    const headers = signRequest({
      method: "POST",
      url: gateway + path,
      body,
      keyId: keys.secretKey,
      requestKey,
      now: Date.now(),
      random,
    });
    return { method: "POST", path, headers, body };
  };
}
