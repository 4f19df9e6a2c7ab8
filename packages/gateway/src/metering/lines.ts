import { crc32 } from "node:zlib";
import { UsageRecord } from "@endcap/protocol";
import { Compile } from "typebox/compile";
import type { UsageRow } from "./usage-row.ts";

const recordCheck = Compile(UsageRecord);
const checksumLength = 9;
const scratch = Buffer.alloc(4);

/** By a buffer: to write a number of 32 bits in hex, V8 divides doubles. */
function checksumOf(json: string): string {
  scratch.writeUInt32BE(crc32(json));
  return `${scratch.toString("hex")} `;
}

/** The JSON of a row's record. */
export function recordJson(sequence: number, row: UsageRow): string {
  const { at, tenant, env, route, status, code, requests, events, ms, latency } = row;
  const record: UsageRecord = {
    sequence,
    at,
    tenant,
    env,
    route,
    status,
    code,
    requests,
    events,
    ms: Math.round(ms),
    latency,
  };
  return JSON.stringify(record);
}

/** A record's JSON as a line of the log: its CRC-32 in hex, a space, and itself. */
export const encodeLine = (json: string): string => `${checksumOf(json)}${json}\n`;

/** A record, and its JSON as it was written. */
export interface WrittenRecord {
  readonly record: UsageRecord;
  readonly json: string;
}

/** What is in a line without its line feed; `undefined` for a torn or damaged one. */
export function decodeLine(line: string): WrittenRecord | undefined {
  const json = line.slice(checksumLength);
  if (line.slice(0, checksumLength) !== checksumOf(json)) return undefined;
  try {
    const parsed: unknown = JSON.parse(json);
    return recordCheck.Check(parsed) ? { record: parsed, json } : undefined;
  } catch {
    return undefined;
  }
}
