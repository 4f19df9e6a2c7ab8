/** A tenant's list of origins: exact ones, and `https://*.shop.example` for exactly one label. */
export interface OriginList {
  has(origin: string): boolean;
}

export function originList(entries: readonly string[]): OriginList {
  const exact = new Set<string>();
  const wildcards: { start: string; end: string }[] = [];
  for (const entry of entries) {
    const star = entry.indexOf("//*.");
    if (star < 0) exact.add(entry);
    else wildcards.push({ start: entry.slice(0, star + 2), end: entry.slice(star + 3) });
  }
  return {
    has: (origin) => exact.has(origin) || wildcards.some((wildcard) => matches(origin, wildcard)),
  };
}

function matches(origin: string, { start, end }: { start: string; end: string }): boolean {
  if (!origin.startsWith(start) || !origin.endsWith(end)) return false;
  const label = origin.slice(start.length, origin.length - end.length);
  return label.length > 0 && !label.includes(".") && !label.includes("/");
}
