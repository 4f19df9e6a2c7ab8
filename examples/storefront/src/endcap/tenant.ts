import { setTimeout as wait } from "node:timers/promises";
import { type Endcap, EndcapApiError } from "@endcap/sdk-node";
import type { State } from "../state.ts";
import { type Admin, AdminError, type IssuedKey } from "./admin.ts";

const slug = "demo-shop";

/** The shop's tenant, made once; its keys come from `known` as long as that tenant lives. */
export async function ensureTenant(
  admin: Admin,
  known: State["tenant"],
  origins: readonly string[],
): Promise<{ tenant: NonNullable<State["tenant"]>; isNew: boolean }> {
  const found = (known && (await admin.findTenant(known.id))) ?? (await admin.findTenant(slug));
  if (found === undefined) {
    const created = await admin.createTenant(slug, "Demo shop", origins);
    return { tenant: credentials(created.id, created.keys), isNew: true };
  }
  if (!origins.every((origin) => found.origins.includes(origin))) {
    await admin.allowOrigins(found, [...new Set([...found.origins, ...origins])]);
  }
  if (known?.id === found.id) return { tenant: known, isNew: false };
  // The tenant outlived the shop's own directory, where its secret was: secrets are shown once, so it needs a new one.
  const keys = [];
  for (const kind of ["publishable", "secret"] as const) {
    keys.push(
      await admin.issueKey(found, kind).catch((error: unknown) => {
        if (!(error instanceof AdminError) || error.status !== 409) throw error;
        throw new AdminError(
          409,
          `The shop's keys are lost and ${slug} has two ${kind} keys already: revoke one with \`npm run endcap -- keys revoke ${slug} <key>\` and start again.`,
        );
      }),
    );
  }
  return { tenant: credentials(found.id, keys), isNew: true };
}

function credentials(id: string, keys: readonly IssuedKey[]): NonNullable<State["tenant"]> {
  const publishable = keys.find(({ kind }) => kind === "publishable");
  const secret = keys.find(({ kind }) => kind === "secret");
  if (publishable === undefined || secret?.secret === undefined)
    throw new Error("Control issued no keys for the shop.");
  return { id, publishableKey: publishable.id, secretKey: secret.id, secret: secret.secret };
}

const keyKnownMsMax = 10_000;
const askAgainMs = 100;

/** A key made a moment ago is on its way to the gateway; resolves when it has arrived. */
export async function keyKnown(endcap: Endcap, signal: AbortSignal): Promise<void> {
  const until = performance.now() + keyKnownMsMax;
  for (;;) {
    try {
      await endcap.items.get("any", { signal });
      return;
    } catch (error) {
      if (!(error instanceof EndcapApiError)) throw error;
      if (error.code !== "key_unknown") return;
      if (performance.now() > until) throw error;
    }
    await wait(askAgainMs, undefined, { signal });
  }
}
