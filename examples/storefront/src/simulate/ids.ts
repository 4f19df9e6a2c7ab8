import type { Random } from "../random.ts";

/** A UUID v7 (RFC 9562) whose random bits come from the seed, so that a repeated run makes the same ids. */
export function eventId(atMs: number, random: Random): string {
  const bytes = random.bytes(16);
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(atMs / 256 ** (5 - i)) & 0xff;
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return Buffer.from(bytes)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** As the browser SDK makes them: "a_" and 128 bits. */
export function anonymousId(random: Random): string {
  return `a_${Buffer.from(random.bytes(16)).toString("base64url")}`;
}
