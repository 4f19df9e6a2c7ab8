import { type Catalogue, type Group, oneOfEachKind } from "../catalogue/catalogue.ts";
import { categories, departments } from "../catalogue/taxonomy.ts";
import { picture, shelf } from "./card.ts";
import { type Fragment, html } from "./html.ts";
import type { Page, Visit } from "./layout.ts";
import { categoryPath, departmentPath, productPath } from "./links.ts";
import { money } from "./money.ts";
import { placement } from "./placement.ts";

/** What the editor put in the window this season, one model a kind. */
const weekendList = ["dome-tent", "sleeping-mat", "lantern", "gas-stove", "enamel-mug", "moka-pot"] as const;

export function homePage(catalogue: Catalogue, visit: Visit): Page {
  const fresh = catalogue.groups.filter(({ face }) => face.fresh && face.availability === "in_stock");
  return {
    title: "",
    description: "Goods for camp, garden and kitchen table: tents, teapots, trowels and the things between.",
    structuredData: [{ "@context": "https://schema.org", "@type": "Store", name: "Tarn & Thicket" }],
    body: [
      hero(),
      departmentTiles(catalogue),
      placement("home", "Picked for you", doorstep(catalogue), visit),
      weekend(catalogue),
      newThings(fresh),
      promises(),
    ],
  };
}

function hero(): Fragment {
  return html`<section class="hero">
<img class="hero-scene" src="/pictures/scene.svg" alt="A tent by a mountain tarn at dusk" width="1600" height="760">
<div class="hero-text">
<p class="eyebrow">The long-evening season</p>
<h1>Stay out a little longer.</h1>
<p>Shelter that goes up in minutes, lanterns that last till morning, and coffee worth getting up for.</p>
<p class="actions"><a class="button" href="${departmentPath("Camp")}">Shop for camp</a> <a class="button ghost" href="#weekend">The weekend list</a></p>
</div>
</section>`;
}

function departmentTiles(catalogue: Catalogue): Fragment {
  return html`<section class="band tiles" aria-label="Departments">
${departments.map(({ name, line }) => {
  const shelves = categories.filter(({ department }) => department === name);
  const shown = shelves.slice(0, 3).flatMap(({ slug }) => catalogue.shelf(slug).slice(0, 1));
  return html`<div class="tile tile-${name.toLowerCase()}">
<a class="tile-head" href="${departmentPath(name)}"><h2>${name}</h2><p>${line}</p></a>
<div class="tile-art">${shown.map(({ face }) => picture(face, true))}</div>
<ul>${shelves.map((category) => html`<li><a href="${categoryPath(category)}">${category.name}</a></li>`)}</ul>
</div>`;
})}
</section>`;
}

function weekend(catalogue: Catalogue): Fragment {
  const groups = windowPicks(catalogue);
  const total = groups.reduce((sum, { face }) => sum + face.pricePence, 0);
  return html`<section class="weekend" id="weekend">
<div class="weekend-text">
<p class="eyebrow">The weekend list</p>
<h2>Two nights, one rucksack each.</h2>
<p>Everything a pair of people need for a first weekend out, chosen so that it nests, matches and lasts. All six for ${money(total)}.</p>
<ol>${groups.map(({ face }) => html`<li><a href="${productPath(face)}">${face.modelTitle}</a> <span>${money(face.pricePence)}</span></li>`)}</ol>
</div>
<div class="weekend-art">${groups.map(({ face }) => html`<a href="${productPath(face)}" tabindex="-1" aria-hidden="true">${picture(face)}</a>`)}</div>
</section>`;
}

function newThings(groups: readonly Group[]): Fragment {
  return html`<section class="band">
<div class="section-head"><h2>New this season</h2><p>Just unpacked, still smelling of straw and varnish.</p></div>
${shelf(
  oneOfEachKind(groups)
    .filter((_, i) => i % 3 === 1)
    .slice(0, 10),
  "new",
  "row",
)}
</section>`;
}

function promises(): Fragment {
  return html`<section class="promises band">
<div><h3>Mended for life</h3><p>Send it back broken, get it back better. We keep the parts.</p></div>
<div><h3>Thirteen small makers</h3><p>We know their names, and usually their dogs.</p></div>
<div><h3>Sixty days to decide</h3><p>Take it out in the rain first. That is what it is for.</p></div>
</section>`;
}

function windowPicks(catalogue: Catalogue): Group[] {
  return weekendList.flatMap((drawing) => {
    const found = catalogue.groups.find(
      ({ face }) => face.kind.drawing === drawing && face.availability === "in_stock",
    );
    return found === undefined ? [] : [found];
  });
}

/** What stands by the door for someone the shop knows nothing about: a little of everything. */
function doorstep(catalogue: Catalogue): Group[] {
  return catalogue.groups.filter(({ face }, i) => i % 41 === 16 && face.availability === "in_stock");
}
