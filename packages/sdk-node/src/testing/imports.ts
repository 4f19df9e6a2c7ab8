/** PUT /v1/imports/{id}/parts/{n}, GET and POST …/complete of the fake. */
import {
  EndcapError,
  type Event,
  type ImportPartAnswer,
  type ImportState,
  type Item,
  judgeEvent,
  judgeItem,
} from "@endcap/protocol";
import { hexEncode } from "@endcap/protocol/encoding";
import { sha256 } from "@endcap/protocol/sha256";
import type { FakeStore, StoredPart } from "./store.ts";
import { asRecord } from "./values.ts";

/** @throws EndcapError `import_part_changed`, `import_completed`, `invalid_request` when the body is no gzip */
export async function putPart(
  store: FakeStore,
  importId: string,
  part: number,
  body: Uint8Array<ArrayBuffer>,
  now: number,
): Promise<ImportPartAnswer> {
  const digest = hexEncode(sha256(body));
  const found = store.imports.get(importId) ?? { parts: new Map<number, StoredPart>(), completed: false };
  const known = found.parts.get(part);
  if (known) {
    if (known.digest !== digest) throw new EndcapError("import_part_changed");
    return { ...known.answer, duplicate: true, faults: [] };
  }
  if (found.completed) throw new EndcapError("import_completed");

  const events: Event[] = [];
  const items = new Map<string, Item | null>();
  const faults: ImportPartAnswer["faults"] = [];
  let itemLines = 0;
  for (const [index, text] of (await unpack(body)).split("\n").entries()) {
    if (text.trim() === "") continue;
    const fault = (code: string, pointer?: string) =>
      faults.push({ line: index + 1, code, ...(pointer !== undefined && { pointer }) });
    const line = parseLine(text);
    if (line === undefined) fault("invalid_json");
    else if ("event" in line) {
      const verdict = judgeEvent(line.event, { now, imported: true });
      if (!verdict.ok) fault(verdict.code, `/event${verdict.pointer ?? ""}`);
      else if (!verdict.value.shopper?.anonymousId && !verdict.value.shopper?.userId) {
        fault("shopper_missing", "/event/shopper");
      } else events.push(verdict.value);
    } else if ("item" in line) {
      const verdict = judgeItem(line.item);
      if (!verdict.ok) fault(verdict.code, `/item${verdict.pointer ?? ""}`);
      else {
        items.set(verdict.value.id, verdict.value);
        itemLines += 1;
      }
    } else if (typeof line.delete === "string" && line.delete !== "") items.set(line.delete, null);
    else fault("line_invalid", ...("delete" in line ? ["/delete"] : []));
  }

  store.addEvents(events);
  let deletes = 0;
  for (const [id, item] of items) {
    if (item) store.upsert(item);
    else {
      store.delete(id, now);
      deletes += 1;
    }
  }
  const answer: ImportPartAnswer = {
    part,
    duplicate: false,
    events: events.length,
    items: itemLines,
    deletes,
    rejected: faults.length,
    faults,
    serverTime: new Date(now).toISOString(),
  };
  found.parts.set(part, { digest, answer });
  store.imports.set(importId, found);
  return answer;
}

/** @throws EndcapError `import_not_found` */
export function importState(store: FakeStore, importId: string): ImportState {
  const found = store.imports.get(importId);
  if (!found) throw new EndcapError("import_not_found");
  const sums = { events: 0, items: 0, deletes: 0, rejected: 0 };
  for (const { answer } of found.parts.values()) {
    sums.events += answer.events;
    sums.items += answer.items;
    sums.deletes += answer.deletes;
    sums.rejected += answer.rejected;
  }
  let firstMissingPart = 1;
  while (found.parts.has(firstMissingPart)) firstMissingPart += 1;
  return { importId, completed: found.completed, partsStored: found.parts.size, firstMissingPart, ...sums };
}

/** @throws EndcapError `import_not_found`, `import_incomplete` */
export function completeImport(store: FakeStore, importId: string, body: unknown): ImportState {
  const found = store.imports.get(importId);
  if (!found) throw new EndcapError("import_not_found");
  const parts = Number(asRecord(body).parts);
  for (let part = 1; part <= parts; part++) if (!found.parts.has(part)) throw new EndcapError("import_incomplete");
  found.completed = true;
  return importState(store, importId);
}

async function unpack(body: Uint8Array<ArrayBuffer>): Promise<string> {
  try {
    return await new Response(new Blob([body]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  } catch (error) {
    throw new EndcapError("invalid_request", { detail: "The part is not one whole gzip stream", cause: error });
  }
}

function parseLine(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}
