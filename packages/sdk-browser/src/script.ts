/** The script tag: `<script async src="…/sdk/v1.js" data-key="pk_…">`. */
import { browserPlatform } from "./core/browser.ts";
import { createClient, type Endcap } from "./core/client.ts";
import { defineElement } from "./element/define.ts";
import { callQueue } from "./sources/call-queue.ts";

/** File name of the element's chunk, beside this script; the build fills it in. */
declare const ENDCAP_CHUNK: string;

type Queue = Parameters<typeof callQueue>[1];
type Global = Partial<Endcap> & { q?: Queue | ReturnType<typeof callQueue> };

function start(): void {
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement)) return;
  const { key, endpoint = new URL(script.src).origin, userToken, debug } = script.dataset;
  const page = window as unknown as { endcap?: Global };
  // The page may hold on to its stub: it becomes the client instead of being replaced by one.
  page.endcap ??= {};
  const target = page.endcap;
  const queued = target.q ?? [];
  if (!key || !Array.isArray(queued)) {
    if (debug !== undefined) console.warn(key ? "endcap: the tag is here twice" : "endcap: the tag needs data-key");
    return;
  }
  const client = createClient({ key, endpoint, debug: debug !== undefined }, browserPlatform());
  Object.assign(target, client);
  if (userToken) void client.identify(userToken);
  target.q = callQueue(client, queued);
  const chunk = new URL(ENDCAP_CHUNK, script.src).href;
  defineElement(client, () => import(chunk));
}

try {
  start();
} catch (error) {
  console.warn("endcap:", error);
}
