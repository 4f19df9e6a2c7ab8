import { departments } from "../catalogue/taxonomy.ts";
import type { AnalyticsEvent } from "./analytics.ts";
import { dataBlock, type Fragment, type Html, html } from "./html.ts";
import { basketIcon, personIcon, searchIcon, wordmark } from "./icons.ts";
import { departmentPath } from "./links.ts";

/** What every page knows about the request that asked for it. */
export interface Visit {
  basketCount: number;
  /** The signed-in shopper's name. */
  userName: string | undefined;
  /** The Endcap tag's attributes; undefined while the shop runs without Endcap. */
  endcap: EndcapTag | undefined;
  assetVersion: string;
}

export interface EndcapTag {
  endpoint: string;
  publishableKey: string;
  userToken: string | undefined;
}

export interface Page {
  title: string;
  description?: string;
  /** Pushed on dataLayer when the page is ready. */
  events?: readonly AnalyticsEvent[];
  /** schema.org data for search engines. */
  structuredData?: readonly object[];
  /** Keeps private pages out of search engines. */
  noIndex?: boolean;
  query?: string;
  body: Fragment;
}

export function layout(page: Page, visit: Visit): string {
  const title = page.title === "" ? "Tarn & Thicket" : `${page.title} · Tarn & Thicket`;
  return html`<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
${page.description !== undefined && html`<meta name="description" content="${page.description}">`}
${page.noIndex && html`<meta name="robots" content="noindex">`}
<meta name="theme-color" content="#24443a">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
${["base", "shelves", "pages", "recommendations"].map((name) => html`<link rel="stylesheet" href="/assets/${name}.css?v=${visit.assetVersion}">`)}
${endcapTag(visit)}
<script type="module" src="/assets/datalayer.js?v=${visit.assetVersion}"></script>
${page.structuredData?.map((data) => dataBlock("application/ld+json", data))}
${dataBlock("application/json", { events: page.events ?? [] }, "page-data")}
</head>
<body>
<a class="skip" href="#main">Skip to the goods</a>
${header(page, visit)}
<main id="main">${page.body}</main>
${footer()}
</body>
</html>
`.text;
}

/** All there is to install: one tag. An empty token says that nobody is signed in. */
function endcapTag({ endcap }: Visit): Fragment {
  if (endcap === undefined) return undefined;
  return html`<script async src="${endcap.endpoint}/sdk/v1.js" data-key="${endcap.publishableKey}" data-user-token="${endcap.userToken ?? ""}"></script>`;
}

function header(page: Page, visit: Visit): Html {
  return html`<header class="top">
<p class="ribbon">Free delivery over £60 · A demonstration: nothing is sent</p>
<div class="top-row">
<a class="wordmark" href="/" aria-label="Tarn &amp; Thicket, home">${wordmark}</a>
<nav class="departments" aria-label="Departments">
${departments.map(({ name }) => html`<a href="${departmentPath(name)}">${name}</a>`)}
</nav>
<form class="search" action="/search" role="search">
<label class="sr" for="q">Search the shop</label>
<input id="q" name="q" type="search" placeholder="Search tents, teapots, twine…" maxlength="100" autocomplete="off" value="${page.query ?? ""}">
<button type="submit" aria-label="Search">${searchIcon}</button>
</form>
<div class="top-links">
<a href="/account">${personIcon}<span>${visit.userName ?? "Sign in"}</span></a>
<a href="/basket">${basketIcon}<span>Basket</span><b class="count" aria-label="${visit.basketCount} in basket">${visit.basketCount}</b></a>
</div>
</div>
</header>`;
}

function footer(): Html {
  return html`<footer class="foot">
<div class="foot-row">
<p class="foot-line">Goods for camp,<br>garden and kitchen table.</p>
${departments.map(({ name, line }) => html`<p><a href="${departmentPath(name)}"><b>${name}</b></a><br>${line}</p>`)}
</div>
<p class="small">Tarn &amp; Thicket is a demonstration shop. Its makers, prices and pictures are invented; its recommendations are real.</p>
</footer>`;
}
