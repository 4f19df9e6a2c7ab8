import { html } from "./html.ts";
import type { Page } from "./layout.ts";

export function notFoundPage(): Page {
  return {
    title: "Not here",
    noIndex: true,
    body: html`<div class="band narrow"><div class="page-head"><h1>Off the path.</h1><p>There is nothing at this address. The <a href="/">front door</a> is that way.</p></div></div>`,
  };
}

export function brokenPage(): Page {
  return {
    title: "Something broke",
    noIndex: true,
    body: html`<div class="band narrow"><div class="page-head"><h1>Something broke.</h1><p>It is written down and will be mended. <a href="/">Back to the shop.</a></p></div></div>`,
  };
}
