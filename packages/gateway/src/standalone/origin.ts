/** An exact origin as a browser sends it, or `https://*.shop.example` for one label. */
export function isOrigin(text: string): boolean {
  const exact = text.replace("//*.", "//any.");
  return URL.canParse(exact) && /^https?:/.test(exact) && new URL(exact).origin === exact;
}
