/**
 * HTML by tagged template: everything interpolated is escaped, except what is Html already. A value can therefore only
 * reach a page unescaped by passing through `html` or, on purpose and in sight, `trusted`.
 */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type Fragment = Html | string | number | undefined | false | readonly Fragment[];

export function html(strings: TemplateStringsArray, ...values: readonly Fragment[]): Html {
  let text = strings[0] ?? "";
  values.forEach((value, i) => {
    text += render(value) + (strings[i + 1] ?? "");
  });
  return new Html(text);
}

/** Text that is HTML already and comes from our own code. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** A script block of data. Browsers do not run it, so a Content-Security-Policy without inline scripts allows it. */
export function dataBlock(type: string, value: unknown, id?: string): Html {
  // "<" alone can end the block or open a comment inside it.
  const json = JSON.stringify(value).replaceAll("<", "\\u003c");
  return html`<script type="${type}"${id === undefined ? "" : html` id="${id}"`}>${trusted(json)}</script>`;
}

function render(value: Fragment): string {
  if (value === undefined || value === false) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "string") return escapeHtml(value);
  if (typeof value === "number") return String(value);
  return value.map(render).join("");
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
