import { type Html, html } from "./html.ts";

export interface Crumb {
  name: string;
  path: string;
}

export function breadcrumbs(crumbs: readonly Crumb[]): Html {
  return html`<nav class="crumbs" aria-label="You are here"><ol><li><a href="/">Home</a></li>${crumbs.map(
    ({ name, path }, i) =>
      html`<li><a href="${path}"${i === crumbs.length - 1 && html` aria-current="page"`}>${name}</a></li>`,
  )}</ol></nav>`;
}

export function breadcrumbData(origin: string, crumbs: readonly Crumb[]): object {
  return {
    "@context": "https://schema.org",
    "@type": "BreadcrumbList",
    itemListElement: crumbs.map(({ name, path }, i) => ({
      "@type": "ListItem",
      position: i + 1,
      name,
      item: origin + path,
    })),
  };
}
