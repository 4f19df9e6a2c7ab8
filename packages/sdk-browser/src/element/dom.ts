/** Elements without markup strings: nothing here parses HTML, so a strict CSP with Trusted Types has nothing to refuse. */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with attributes (`false` and `undefined` are left out) and children; text stays text. */
export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string | undefined | false)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(attribute, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** A URL of the catalogue as an attribute may hold it: http(s) or a path of this shop, never a script. */
export function safeUrl(text: string | undefined): string | undefined {
  if (!text) return undefined;
  try {
    const { href, protocol } = new URL(text, document.baseURI);
    return protocol === "https:" || protocol === "http:" ? href : undefined;
  } catch {
    return undefined;
  }
}
