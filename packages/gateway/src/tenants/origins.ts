/** A tenant's list of origins: exact ones, and `https://*.shop.example` for exactly one label. */
export interface OriginList {
  has(origin: string): boolean;
}

export function originList(entries: readonly string[]): OriginList {
  return { has: (origin) => entries.some((entry) => covers(entry, origin)) };
}

function covers(entry: string, origin: string): boolean {
  const star = entry.indexOf("//*.");
  if (star < 0) return entry === origin;
  const [start, end] = [entry.slice(0, star + 2), entry.slice(star + 3)];
  if (!origin.startsWith(start) || !origin.endsWith(end)) return false;
  const label = origin.slice(start.length, origin.length - end.length);
  return label.length > 0 && !label.includes(".") && !label.includes("/");
}
