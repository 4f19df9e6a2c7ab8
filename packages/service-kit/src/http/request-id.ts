import { randomBytes } from "node:crypto";

/** The header in which the gateway hands its request id on. */
export const requestIdHeader = "endcap-request-id";

const form = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Request ids `req_<random of this process><counter>`: unique over processes, and a counter instead of random bytes
 * per request.
 */
export function createRequestIds(): () => string {
  const prefix = `req_${randomBytes(6).toString("base64url")}`;
  let count = 0;
  return () => {
    count += 1;
    return prefix + count.toString(36).padStart(5, "0");
  };
}

/** The id a trusted caller gave its request, when it has the form of one. */
export function givenRequestId(field: unknown): string | undefined {
  return typeof field === "string" && form.test(field) ? field : undefined;
}
