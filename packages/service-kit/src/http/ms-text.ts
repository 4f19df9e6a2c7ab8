/** Of a whole, by thousandths: to write a fraction, V8 searches for the shortest text that reads as the same number. */
const fractions = Array.from({ length: 1000 }, (_, thousandths) => String(thousandths / 1000).slice(1));

/** A duration to the microsecond, as JSON spells the number. */
export function msText(ms: number): string {
  const us = Math.round(ms * 1000);
  if (us < 0) return String(us / 1000);
  const whole = Math.floor(us / 1000);
  return `${whole}${fractions[us - whole * 1000] ?? ""}`;
}
