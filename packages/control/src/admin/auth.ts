import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { EndcapError } from "@endcap/protocol";
import { type App, writeFileAtomic } from "@endcap/service-kit";

const TOKEN_BYTES = 32;

/** Reads the admin token, making it at the first start. */
export async function loadAdminToken(file: string): Promise<string> {
  if (!existsSync(file)) await writeFileAtomic(file, `${randomBytes(TOKEN_BYTES).toString("base64url")}\n`, 0o600);
  return readFileSync(file, "utf8").trim();
}

/** Guards the scope whose `onRequest` it is added to. */
export function guardWithAdminToken(app: App, token: string): void {
  const expected = digestOf(`Bearer ${token}`);
  app.addHook("onRequest", (request, _reply, done) => {
    // Digests have one length, so the comparison takes one time whatever was sent.
    const given = digestOf(request.headers.authorization ?? "");
    done(timingSafeEqual(given, expected) ? undefined : new EndcapError("admin_token_invalid"));
  });
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
