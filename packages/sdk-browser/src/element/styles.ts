/** The look: quiet, inherits the page's type and colour, and is open to it by parts and variables. */

/**
 * Amounts are boxes of their own: in a right-to-left page two of them side by side would else be one run of digits.
 * A carousel is exactly as high as the space that was held for it; its images take what the text leaves. A grid's cards
 * have fixed lines, so that its skeleton is as high as its content; two of them, narrower ones, stand side by side on a phone.
 */
const CSS = `
:host{display:block;contain:layout style}
:host([hidden]){display:none}
*{box-sizing:border-box}
section{display:flex;flex-direction:column;gap:.75rem;position:relative}
.carousel{block-size:var(--endcap-height,22rem)}
h2{margin:0;font:inherit;font-size:1.25em;font-weight:600;line-height:1.3}
ul{list-style:none;margin:0;padding:0;gap:var(--endcap-gap,1rem)}
.carousel ul{display:flex;flex:1;min-block-size:0;overflow-x:auto;overscroll-behavior-x:contain;scroll-snap-type:x proximity;scrollbar-width:none}
.grid ul{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(var(--endcap-card-width,11rem),max(8rem,50% - var(--endcap-gap,1rem)/2),100%),1fr))}
li{min-inline-size:0}
.carousel li{flex:0 0 var(--endcap-card-width,11rem);scroll-snap-align:start}
a{display:flex;flex-direction:column;gap:.3rem;block-size:100%;color:inherit;text-decoration:none;border-radius:var(--endcap-radius,.5rem)}
a:focus-visible,button:focus-visible{outline:2px solid var(--endcap-accent,currentColor);outline-offset:-2px}
.image{inline-size:100%;min-block-size:0;object-fit:var(--endcap-image-fit,cover);border-radius:var(--endcap-radius,.5rem);background:var(--endcap-image-background,color-mix(in srgb,currentColor 7%,transparent))}
.carousel .image{flex:1 1 0}
.grid .image{block-size:auto;aspect-ratio:var(--endcap-image-ratio,1)}
.name,.reason{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden;line-height:1.3;min-block-size:2.6em}
a:hover .name{text-decoration:underline}
.price{font-weight:600;line-height:1.3;min-block-size:1.3em;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.list-price{display:inline-block;font-weight:400;opacity:.65;margin-inline-start:.4em}
.reason{font-size:.85em;opacity:.75}
button{position:absolute;inset-block-start:50%;z-index:1;inline-size:2.75rem;block-size:2.75rem;margin:0;padding:0;border:1px solid color-mix(in srgb,currentColor 20%,transparent);border-radius:50%;font:inherit;font-size:1.25rem;line-height:1;color:var(--endcap-button-color,CanvasText);background:var(--endcap-button-background,Canvas);cursor:pointer;transform:translateY(-50%)}
.previous{inset-inline-start:.25rem}
.next{inset-inline-end:.25rem}
button:disabled{visibility:hidden}
.skeleton span{border-radius:.25rem;background:color-mix(in srgb,currentColor 7%,transparent)}
@media (forced-colors:active){.image,.skeleton span{border:1px solid}}
`;

let sheet: CSSStyleSheet | undefined;

/** One sheet for all elements of the page. A constructed sheet needs no `style-src` of the page's policy. */
export function styleSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
