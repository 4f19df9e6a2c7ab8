/** The module's own client: made once by `init`, used by the functions beside it. */

import { defineElement } from "../element/define.ts";
import { browserPlatform } from "./browser.ts";
import { type Call, type Chunks, createClient, type Endcap, type Options, type Recommendations } from "./client.ts";

const chunks: Chunks = {
  session: () => import("../session/chunk.ts"),
  recommendations: () => import("../recommendations/chunk.ts"),
};

const clients = new Map<string, Endcap>();
let first: Endcap | undefined;
/** Calls made before `init`, e.g. by a component that mounts early. */
const early: Call[] = [];

/** Makes the client of a key and defines `<endcap-recommendations>`. A second call with the same key gives the same client. */
export function init(options: Options): Endcap {
  const known = clients.get(options.key);
  if (known) return known;
  const client = createClient(options, browserPlatform(), chunks);
  clients.set(options.key, client);
  if (!first) {
    first = client;
    client.push(...early.splice(0));
    client.whenAllowed(() => defineElement(client, chunks.recommendations), true);
  }
  return client;
}

/** `track` of the first client; waits for `init`. */
export const track: Endcap["track"] = (type, ...data) => {
  if (first) return first.track(type, ...data);
  early.push(["track", type, data[0]]);
  return undefined;
};

/** `recommend` of the first client; no items before `init`. */
export async function recommend(...args: Parameters<Endcap["recommend"]>): Promise<Recommendations> {
  return first?.recommend(...args) ?? { items: [], fallback: "empty" };
}

export async function identify(userToken: string): Promise<void> {
  if (first) return first.identify(userToken);
  early.push(["identify", userToken]);
}

export function signOut(): void {
  if (first) first.signOut();
  else early.push(["signOut"]);
}

export function consent(given: boolean): void {
  if (first) first.consent(given);
  else early.push(["consent", given]);
}

export async function flush(): Promise<void> {
  await first?.flush();
}

export function reset(): void {
  early.length = 0;
  first?.reset();
}
