import type { Group } from "../catalogue/catalogue.ts";
import { shelf } from "./card.ts";
import { type Html, html } from "./html.ts";
import type { Visit } from "./layout.ts";

/**
 * A slot that Endcap fills. What stands inside the element is the shop's own choice: it holds the space from the first
 * paint, and it is what shoppers see if recommendations never come.
 */
export function placement(
  name: string,
  heading: string,
  line: string,
  own: readonly Group[],
  visit: Visit,
  items: readonly string[] = [],
): Html {
  const list = shelf(own.slice(0, 6), `own:${name}`, "row");
  const slot =
    visit.endcap === undefined
      ? list
      : html`<endcap-recommendations placement="${name}"${items.length > 0 && html` items="${items.join(" ")}"`} limit="12">${list}</endcap-recommendations>`;
  return html`<section class="placement band" aria-labelledby="placement-${name}">
<div class="section-head"><h2 id="placement-${name}">${heading}</h2><p>${line}</p></div>
${slot}
</section>`;
}
