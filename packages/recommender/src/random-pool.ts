import type { RandomBytes } from "@endcap/protocol";

const poolBytes = 4_096;

/** Cryptographic randomness drawn in bulk: asking the system for 16 bytes costs as much as for thousands. */
export function randomPool(): RandomBytes {
  const pool = new Uint8Array(poolBytes);
  let used = poolBytes;
  return (bytes) => {
    if (bytes.length > poolBytes) return crypto.getRandomValues(bytes);
    if (used + bytes.length > poolBytes) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    bytes.set(pool.subarray(used, used + bytes.length));
    pool.fill(0, used, used + bytes.length);
    used += bytes.length;
    return bytes;
  };
}
