/** The form of the internal token, on both sides. */
import type { SnapshotUpstream } from "@endcap/protocol";

/** What a token may be used at. */
export type InternalAudience = SnapshotUpstream["kind"] | "control";

/** `endcap-gateway:<group>`; the group is also the key's id, so that no group can speak in another's name. */
export const issuerPrefix = "endcap-gateway:";

export const tokenAlgorithm = "EdDSA";
