import { html, trusted } from "./html.ts";

const icon = (path: string) =>
  trusted(
    `<svg class="icon" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">${path}</svg>`,
  );

export const searchIcon = icon('<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5 21 21"/>');
export const personIcon = icon('<circle cx="12" cy="8" r="4"/><path d="M4 21c1-5 4-7 8-7s7 2 8 7"/>');
export const basketIcon = icon(
  '<path d="M3 9h18l-2 11H5L3 9Z"/><path d="m8 9 3-6M16 9l-3-6"/><path d="M9 13v4M15 13v4"/>',
);
export const tickIcon = icon('<path d="m5 13 5 5L20 7"/>');

/** Two hills, a sun and their reflection. */
const mark = trusted(
  `<svg class="mark" viewBox="0 0 48 48" width="40" height="40" aria-hidden="true"><circle cx="24" cy="24" r="24" fill="#24443a"/><circle cx="31" cy="16" r="5" fill="#d79f3c"/><path d="M6 28 18 12l7 9 4-4 13 11Z" fill="#f6efe1"/><path d="M6 30h36l-3 6H9Z" fill="#8db4c4"/><path d="M11 33h14M17 36h16" stroke="#f6efe1" stroke-width="1.4" stroke-linecap="round"/></svg>`,
);

export const wordmark = html`${mark}<span>Tarn <i>&amp;</i> Thicket</span>`;
