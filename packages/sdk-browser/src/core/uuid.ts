/** The protocol's `uuidV7` in half its bytes; test/envelopes.test.ts holds the two against each other. */
import type { RandomBytes } from "@endcap/protocol/uuid";

export function uuidV7(nowMs: number, random: RandomBytes): string {
  const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
  const time = nowMs.toString(16).padStart(12, "0");
  const bytes = random(new Uint8Array(10));
  bytes[0] = 0x70 | ((bytes[0] as number) & 15);
  bytes[2] = 0x80 | ((bytes[2] as number) & 63);
  return (time + hex(bytes)).replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
