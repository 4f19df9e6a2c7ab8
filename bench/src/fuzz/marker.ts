/** Each request carries its number in what is signed, so that whatever reaches an upstream tells where it came from. */

export const marker = (n: number): string => `fuzz-${n}-zzuf`;

export function markerIn(payload: string): number | undefined {
  const found = /fuzz-(\d+)-zzuf/.exec(payload)?.[1];
  return found === undefined ? undefined : Number(found);
}
