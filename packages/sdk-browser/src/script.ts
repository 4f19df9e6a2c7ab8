/** The script tag: `<script async src="…/sdk/v1.js" data-key="pk_…">`. */
import { browserPlatform } from "./core/browser.ts";
import { type Call, type Chunks, type Client, createClient, type Endcap } from "./core/client.ts";
import { defineElement } from "./element/define.ts";

/** File names of the chunks, beside this script; the build fills them in. */
declare const ENDCAP_SESSION: string;
declare const ENDCAP_RECOMMENDATIONS: string;

type Global = Partial<Endcap> & { q?: readonly Call[] | Pick<Client, "push"> };

function start(): void {
  const script = document.currentScript as HTMLScriptElement;
  const { key, userToken, debug } = script.dataset;
  const page = window as unknown as { endcap?: Global };
  // The page may hold on to its stub: it becomes the client instead of being replaced by one.
  page.endcap ??= {};
  const target = page.endcap;
  const queued = target.q ?? [];
  if (!key || !Array.isArray(queued)) {
    if (debug !== undefined) console.warn("endcap:", key ? "a second tag" : "no data-key");
    return;
  }
  // Absolute: a script of another origin has no address of its own to resolve against.
  const load = <T>(name: string): Promise<T> => import(new URL(name, script.src).href);
  const chunks: Chunks = { session: () => load(ENDCAP_SESSION), recommendations: () => load(ENDCAP_RECOMMENDATIONS) };
  const endpoint = new URL(script.src).origin;
  const client = createClient({ endpoint, ...script.dataset, key }, browserPlatform(), chunks);
  Object.assign(target, client);
  client.whenAllowed(() => {
    if (userToken !== undefined) void client.identify(userToken);
    // A task of its own: together with what the page has said it would hold up a slow phone.
    setTimeout(defineElement, 0, client, chunks.recommendations);
  }, true);
  client.push(...queued);
  target.q = client;
}

try {
  start();
} catch (error) {
  console.warn("endcap:", error);
}
