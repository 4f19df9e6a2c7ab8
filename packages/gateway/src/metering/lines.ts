import { crc32 } from "node:zlib";
import { UsageRecord } from "@endcap/protocol";
import { Compile } from "typebox/compile";

const recordCheck = Compile(UsageRecord);
const checksumOf = (json: string) => `${crc32(json).toString(16).padStart(8, "0")} `;
const checksumLength = 9;

/** A record as a line of the log: the CRC-32 of its JSON in hex, a space, the JSON. Durations are added up in fractions. */
export function encodeLine(record: UsageRecord): string {
  const { sequence, at, tenant, env, route, status, code, requests, events, ms, latency } = record;
  const whole = { sequence, at, tenant, env, route, status, code, requests, events, ms: Math.round(ms), latency };
  const json = JSON.stringify(whole);
  return `${checksumOf(json)}${json}\n`;
}

/** The record of a line without its line feed; `undefined` for a torn or damaged one. */
export function decodeLine(line: string): UsageRecord | undefined {
  const json = line.slice(checksumLength);
  if (line.slice(0, checksumLength) !== checksumOf(json)) return undefined;
  try {
    const parsed: unknown = JSON.parse(json);
    return recordCheck.Check(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
