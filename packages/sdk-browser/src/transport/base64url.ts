/** base64url by the browser's own base64: a quarter of the bytes of a portable one. */

export function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (char) => ({ "+": "-", "/": "_" })[char] ?? "");
}

/** The bytes as a string of characters 0 to 255. Throws when `text` is no base64url. */
export function decode(text: string): string {
  return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
}
