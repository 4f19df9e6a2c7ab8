import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type InteractionLog, SessionLogBuilder } from "../model/index.ts";
import type { TestRow } from "./test-row.ts";

interface Session {
  readonly ids: string[];
  readonly times: number[] | undefined;
}

/**
 * Sessions in one of the field's two forms, gzipped or not: a session a line with space-separated item ids, or a table with a
 * `SessionId ItemId Time` header (tab-separated, Unix seconds). Of a directory, its one file whose name begins with `part`.
 */
export async function readSessions(path: string, part: "train" | "test"): Promise<Session[]> {
  const file = await locate(path, part);
  const raw = await readFile(file);
  const text = (raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw).toString("utf8");
  return text.startsWith("SessionId") ? parseTable(text) : parseLines(text);
}

async function locate(path: string, part: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return path;
  const names = (await readdir(path)).filter((name) => name.startsWith(part));
  const [name] = names;
  if (name === undefined || names.length > 1) {
    throw new Error(`${path} needs exactly one file whose name begins with "${part}"; it has ${names.length}`);
  }
  return join(path, name);
}

function parseLines(text: string): Session[] {
  const sessions: Session[] = [];
  for (const line of text.split("\n")) {
    const ids = line.split(" ").filter((id) => id !== "");
    if (ids.length > 0) sessions.push({ ids, times: undefined });
  }
  return sessions;
}

function parseTable(text: string): Session[] {
  const rows = new Map<string, { id: string; time: number }[]>();
  for (const line of text.split("\n").slice(1)) {
    const [session, id, time] = line.split("\t");
    if (session === undefined || id === undefined || time === undefined) continue;
    const known = rows.get(session);
    const click = { id, time: Number(time) };
    if (known === undefined) rows.set(session, [click]);
    else known.push(click);
  }
  const sessions: Session[] = [];
  for (const clicks of rows.values()) {
    clicks.sort((a, b) => a.time - b.time);
    sessions.push({ ids: clicks.map(({ id }) => id), times: clicks.map(({ time }) => time) });
  }
  return sessions.sort((a, b) => (a.times?.at(-1) ?? 0) - (b.times?.at(-1) ?? 0));
}

export function toLog(sessions: readonly Session[]): InteractionLog {
  const builder = new SessionLogBuilder();
  for (const { ids, times } of sessions) builder.addSession(ids, times);
  return builder.build();
}

/** Every click but the first of each session, to be predicted from what came before it. */
export function everyPrefix(sessions: readonly Session[]): TestRow[] {
  const rows: TestRow[] = [];
  for (const { ids, times } of sessions) {
    for (let end = 1; end < ids.length; end++) {
      rows.push({ prefix: ids.slice(0, end), targets: [ids[end]!], at: times?.[end - 1] });
    }
  }
  return rows;
}

/** Lines that hold a prefix and its target as the last id. */
export function prefixRows(lines: readonly Session[]): TestRow[] {
  return lines
    .filter(({ ids }) => ids.length > 1)
    .map(({ ids }) => ({ prefix: ids.slice(0, -1), targets: [ids.at(-1)!], at: undefined }));
}
