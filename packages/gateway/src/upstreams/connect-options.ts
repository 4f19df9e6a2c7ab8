import { readFileSync } from "node:fs";
import type { buildConnector } from "undici";
import { lookupPublic } from "./public-address.ts";

/** PEM files of the operator's own certificates; absent: the system's authorities, and no certificate of ours. */
export interface TlsFiles {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

const connectMsMax = 2_000;

/** How the operator's own upstreams are connected to. @throws when a file cannot be read */
export function houseConnect({ caFile, certFile, keyFile }: TlsFiles): buildConnector.BuildOptions {
  return {
    timeout: connectMsMax,
    rejectUnauthorized: true,
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    ...(certFile !== undefined && { cert: readFileSync(certFile) }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
  };
}

/** How a tenant's are: without our certificate, by the system's authorities, outside the house only. */
export function strangerConnect(): buildConnector.BuildOptions {
  return { timeout: connectMsMax, rejectUnauthorized: true, lookup: lookupPublic };
}
