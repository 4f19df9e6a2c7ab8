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
  own: readonly Group[],
  visit: Visit,
  items: readonly string[] = [],
): Html {
  const content = html`<h2>${heading}</h2>
${shelf(own.slice(0, 8), `own:${name}`, "row")}`;
  const seen = items.length > 0 && html` items="${items.join(" ")}"`;
  return html`<section class="placement band" aria-label="${heading}">
${
  visit.endcap === undefined
    ? content
    : html`<endcap-recommendations placement="${name}"${seen} heading="${heading}" reasons limit="12">${content}</endcap-recommendations>`
}
</section>`;
}
