import { newKeyId, newSecret } from "@endcap/protocol";

/** Prints a fresh pair of keys for a tenant of a standalone gateway: ids for its file, the secret for its environment. */
const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);

process.stdout.write(`keys:
  - id: ${newKeyId("publishable", "live", random)}
  - id: ${newKeyId("secret", "live", random)}
    secret: { env: SHOP_SECRET }

# SHOP_SECRET=${newSecret(random)}
`);
