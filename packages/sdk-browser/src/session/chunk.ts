/** What a page loads once it has a session to sign with, signs a shopper in, or has something to salvage. */
import { adopt, mend } from "../outbox/salvage.ts";
import { signedBody } from "../transport/frame.ts";
import { createIdentity } from "./identity.ts";

// The first signature is slow, and a page that is left waits for it: so it is made of nothing, while nobody waits.
signedBody({ token: "", signingKey: "" }, "", 0, "");

export { adopt, createIdentity, mend, signedBody };

export interface SessionChunk {
  readonly adopt: typeof adopt;
  readonly createIdentity: typeof createIdentity;
  readonly mend: typeof mend;
  readonly signedBody: typeof signedBody;
}
