import type { ImportLog, ImportPart, ImportPartResult } from "../ports/import-log.ts";
import { decodeImportPart, encodeImportPart } from "../rows/import-text.ts";
import { after, IMPORT_COMPLETED, importCompletedKey, importPartKey, parseImportPart } from "../rows/keys.ts";
import { textRow } from "../rows/raw-row.ts";
import type { LmdbEnvironment } from "./environment.ts";

export class LmdbImportLog implements ImportLog {
  readonly #env: LmdbEnvironment;

  constructor(env: LmdbEnvironment) {
    this.#env = env;
  }

  async put(importId: string, part: ImportPart): Promise<ImportPartResult> {
    const key = importPartKey(importId, part.part);
    const row = textRow(part.at, encodeImportPart(part));
    const [absent] = await this.#env.write(row.text.length, (db) => [
      db.ifNoExists(key, () => {
        void db.put(key, row);
      }),
    ]);
    if (absent) return "stored";
    const stored = await this.get(importId, part.part);
    return stored && Buffer.from(stored.digest).equals(part.digest) ? "duplicate" : "changed";
  }

  async get(importId: string, part: number): Promise<ImportPart | undefined> {
    const row = this.#env.get(importPartKey(importId, part));
    return row && decodeImportPart(part, row.at, row.text);
  }

  async list(importId: string): Promise<{ parts: ImportPart[]; completedAt: number | undefined }> {
    const parts: ImportPart[] = [];
    let completedAt: number | undefined;
    const [pk, completed] = importCompletedKey(importId);
    // Receipts are at most LIMITS.importPartsMax small rows.
    for await (const rows of this.#env.chunks([pk, completed], [pk, after("P#")])) {
      for (const { key, value } of rows) {
        if (key[1] === IMPORT_COMPLETED) completedAt = value.at;
        else parts.push(decodeImportPart(parseImportPart(key[1]), value.at, value.text));
      }
    }
    return { parts, completedAt };
  }

  async complete(importId: string, at: number): Promise<boolean> {
    const key = importCompletedKey(importId);
    const [absent] = await this.#env.write(key[0].length, (db) => [
      db.ifNoExists(key, () => {
        void db.put(key, textRow(at, ""));
      }),
    ]);
    return absent === true;
  }
}
