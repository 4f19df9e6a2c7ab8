/**
 * Numbers between 0 and 1 in one byte: 4 bits of exponent, 4 of mantissa, so 16 steps an octave down to 2^-16. Signals are
 * estimates from counts: three percent of rounding costs nothing measurable and a table is a quarter of its size in float32.
 */
const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** float32 without its 19 lowest bits, counted from the smallest number kept. */
const DROPPED = 19;
const BASE = ((127 - 16) << 4) - 1;

/** 0 for what rounds below 2^-16, and the largest byte for 1 and more. */
export function encode(value: number): number {
  float[0] = value;
  const byte = ((bits[0]! + (1 << (DROPPED - 1))) >>> DROPPED) - BASE;
  return byte < 1 ? 0 : Math.min(byte, 255);
}

/** The number of each byte. */
export const decoded: Float32Array = Float32Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0) return 0;
  bits[0] = (byte + BASE) << DROPPED;
  return float[0]!;
});
