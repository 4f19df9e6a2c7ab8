/** HTML made of names and texts: nothing reaches it unescaped. */

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");

/** Markup that was made here, told apart from text by its type. */
export class Markup {
  readonly html: string;
  constructor(html: string) {
    this.html = html;
  }
}

export type Child = Markup | string | undefined | false;
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** HTML's elements without an end tag, of those used here. */
const VOID = new Set(["img"]);

/** An element; `false` and `undefined` are left out, strings are text. Names are ours and stand as they are. */
export function el(name: string, attributes: Attributes, ...children: readonly Child[]): Markup {
  let html = `<${name}`;
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    html += ` ${attribute}="${value === true ? "" : escapeText(String(value))}"`;
  }
  html += ">";
  if (VOID.has(name)) return new Markup(html);
  for (const child of children) {
    if (child !== undefined && child !== false) html += typeof child === "string" ? escapeText(child) : child.html;
  }
  return new Markup(`${html}</${name}>`);
}

/** A URL of the catalogue as an attribute may hold it: http(s) or a path of this shop, never a script. */
export function safeUrl(text: string | undefined): string | undefined {
  if (!text) return undefined;
  try {
    // The parser of browsers, which also sees through tabs and line breaks inside a scheme.
    const { protocol } = new URL(text, "https://shop.invalid/");
    return protocol === "https:" || protocol === "http:" ? text : undefined;
  } catch {
    return undefined;
  }
}
