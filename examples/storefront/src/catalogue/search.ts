/** Lower-case words without accents or a plural s, so that "Lanterns" finds the lantern. */
export function searchWords(text: string): string[] {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f’']/g, "")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length > 0)
    .map((word) => (word.length > 3 ? word.replace(/s$/, "") : word));
}
