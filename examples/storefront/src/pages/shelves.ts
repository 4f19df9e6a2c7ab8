import { type Catalogue, type Group, oneOfEachKind } from "../catalogue/catalogue.ts";
import { type Category, categories, type Department, departments } from "../catalogue/taxonomy.ts";
import { listEvent } from "./analytics.ts";
import { breadcrumbs } from "./breadcrumbs.ts";
import { picture, shelf } from "./card.ts";
import { type Fragment, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { categoryPath, departmentPath } from "./links.ts";

export function departmentPage(catalogue: Catalogue, name: Department): Page {
  const line = departments.find((department) => department.name === name)?.line ?? "";
  const shelves = categories.filter(({ department }) => department === name);
  const inStock = catalogue.groups.filter(
    ({ face }) => face.category.department === name && face.availability === "in_stock",
  );
  const picks = oneOfEachKind(inStock.toReversed()).toReversed();
  return {
    title: name,
    description: line,
    events: [
      listEvent(
        `department:${name}`,
        picks.map(({ face }) => face),
      ),
    ],
    body: [
      html`<div class="band">${breadcrumbs([{ name, path: departmentPath(name) }])}
<div class="page-head"><h1>${name}</h1><p>${line}</p></div>
<ul class="category-tiles tile-${name.toLowerCase()}">${shelves.map((category) => categoryTile(catalogue, category))}</ul>
<h2 class="quiet-head">A good place to start</h2>
${shelf(picks, `department:${name}`)}
</div>`,
    ],
  };
}

function categoryTile(catalogue: Catalogue, category: Category): Fragment {
  const [first] = catalogue.groups.filter(({ face }) => face.category === category).slice(2);
  return html`<li><a href="${categoryPath(category)}">${first !== undefined && picture(first.face, true)}<span>${category.name}</span></a></li>`;
}

export const sortings = [
  { key: "shelf", name: "As arranged" },
  { key: "price-up", name: "Price, low to high" },
  { key: "price-down", name: "Price, high to low" },
  { key: "new", name: "New first" },
] as const;
export type Sorting = (typeof sortings)[number]["key"];

export function categoryPage(
  category: Category,
  groups: readonly Group[],
  shelfName: string | undefined,
  sorting: Sorting,
): Page {
  const kinds = [...new Set(groups.map(({ face }) => face.kind.shelf))];
  const shown = sorted(
    groups.filter(({ face }) => shelfName === undefined || face.kind.shelf === shelfName),
    sorting,
  );
  const path = (kind: string | undefined) => {
    const query = new URLSearchParams({
      ...(kind === undefined ? {} : { kind }),
      ...(sorting === "shelf" ? {} : { sort: sorting }),
    });
    return query.size > 0 ? `${categoryPath(category)}?${query}` : categoryPath(category);
  };
  const chip = (name: string, kind: string | undefined) =>
    html`<a class="chip" href="${path(kind)}"${kind === shelfName && html` aria-current="true"`}>${name}</a>`;
  return {
    title: category.name,
    description: category.line,
    events: [
      listEvent(
        `shelf:${category.slug}`,
        shown.map(({ face }) => face),
      ),
    ],
    body: html`<div class="band">
${breadcrumbs([
  { name: category.department, path: departmentPath(category.department) },
  { name: category.name, path: categoryPath(category) },
])}
<div class="page-head"><h1>${category.name}</h1><p>${category.line}</p></div>
<div class="tools">
<nav class="chips" aria-label="Kinds">${chip("All", undefined)}${kinds.map((kind) => chip(kind, kind))}</nav>
<form class="sort" data-submit-on-change>
${shelfName !== undefined && html`<input type="hidden" name="kind" value="${shelfName}">`}
<label>Sort <select name="sort">${sortings.map(({ key, name }) => html`<option value="${key}"${key === sorting && html` selected`}>${name}</option>`)}</select></label>
<button class="sort-go" type="submit">Sort</button>
</form>
</div>
${shelf(shown, `shelf:${category.slug}`)}
</div>`,
  };
}

function sorted(groups: readonly Group[], sorting: Sorting): Group[] {
  const cheapest = ({ variants }: Group) => Math.min(...variants.map(({ pricePence }) => pricePence));
  const available = ({ variants }: Group) =>
    Number(variants.some(({ availability }) => availability !== "out_of_stock"));
  switch (sorting) {
    case "price-up":
      return groups.toSorted((a, b) => cheapest(a) - cheapest(b));
    case "price-down":
      return groups.toSorted((a, b) => cheapest(b) - cheapest(a));
    case "new":
      return groups.toSorted((a, b) => Number(b.face.fresh) - Number(a.face.fresh));
    case "shelf":
      return groups.toSorted((a, b) => available(b) - available(a));
  }
}

export function searchPage(query: string, found: readonly Group[], instead: readonly Group[]): Page {
  const heading =
    query === "" ? "What are you looking for?" : found.length === 0 ? `Nothing for “${query}”` : `“${query}”`;
  const count = `${found.length} ${found.length === 1 ? "thing" : "things"} found.`;
  return {
    title: query === "" ? "Search" : `Search: ${query}`,
    noIndex: true,
    query,
    events:
      query === ""
        ? []
        : [
            { event: "search", ecommerce: { search_term: query } },
            ...(found.length > 0
              ? [
                  listEvent(
                    "search",
                    found.map(({ face }) => face),
                  ),
                ]
              : []),
          ],
    body: html`<div class="band">
<div class="page-head"><h1>${heading}</h1><p>${found.length > 0 ? count : "Try a kind of thing: lantern, teapot, seeds. Or begin with one of these."}</p></div>
${shelf(found.length > 0 ? found : instead, found.length > 0 ? "search" : "search:instead")}
</div>`,
  };
}
