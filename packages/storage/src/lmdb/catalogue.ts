/**
 * The catalogue and its change feed. Each write is a numbered commit: it reads what is stored, then writes all of its
 * rows on the one condition that no other commit took the next number meanwhile; if one did, it reads again. The rows
 * `F#`/number are both that condition and the feed: the ids a commit changed, and when.
 */
import { EndcapError, type Item } from "@endcap/protocol";
import type { CatalogStore, DeleteResult, ItemChange, ItemChanges, UpsertResult } from "../ports/catalog-store.ts";
import { after, FEED, feedKey, ITEM, itemKey } from "../rows/keys.ts";
import { type RowValue, textRow } from "../rows/raw-row.ts";
import type { LmdbEnvironment } from "./environment.ts";
import type { RowDatabase } from "./row-database.ts";

/** A deleted item's row stays, empty, so that a late write of an older state cannot bring it back. */
const DELETED = "";

/** Clocks of the processes that write the feed may differ by this much. */
const SKEW_MS = 5 * 60_000;

interface Plan<R> {
  readonly results: R[];
  /** What to write: the row, or `undefined` to remove it. */
  readonly changes: ReadonlyMap<string, RowValue | undefined>;
}

export class LmdbCatalogStore implements CatalogStore {
  readonly #env: LmdbEnvironment;
  readonly #now: () => number;
  readonly #feedRetentionMs: number;
  /** Commits of this process queue here instead of racing each other for a number. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(env: LmdbEnvironment, now: () => number, feedRetentionMs: number) {
    this.#env = env;
    this.#now = now;
    this.#feedRetentionMs = feedRetentionMs;
  }

  upsert(items: readonly Item[]): Promise<UpsertResult[]> {
    const rows = items.map((item) => ({
      id: item.id,
      row: textRow(Date.parse(item.updatedAt), JSON.stringify(item)),
    }));
    return this.#commit((db) => {
      const changes = new Map<string, RowValue>();
      const results = rows.map(({ id, row }): UpsertResult => {
        const stored = changes.get(id) ?? db.get(itemKey(id));
        if (stored && stored.at >= row.at) return "stale";
        changes.set(id, row);
        return "stored";
      });
      return { results, changes };
    });
  }

  delete(ids: readonly string[], at: number): Promise<DeleteResult[]> {
    return this.#commit((db) => {
      const changes = new Map<string, RowValue>();
      const results = ids.map((id): DeleteResult => {
        const stored = changes.get(id) ?? db.get(itemKey(id));
        if (stored && stored.text === DELETED) {
          if (stored.at < at) changes.set(id, textRow(at, DELETED));
          return "missing";
        }
        if (stored && stored.at > at) return "stale";
        changes.set(id, textRow(at, DELETED));
        return stored ? "deleted" : "missing";
      });
      return { results, changes };
    });
  }

  async get(ids: readonly string[]): Promise<(Item | undefined)[]> {
    const db = this.#env.fresh();
    return ids.map((id) => itemIn(db.get(itemKey(id))));
  }

  async changesSince(cursor: string | undefined, limit: number): Promise<ItemChanges> {
    const now = this.#now();
    const start = parseCursor(cursor);
    if (!start || start.at < now - this.#feedRetentionMs)
      return { reset: true, cursor: formatCursor({ sequence: this.#lastSequence(), offset: 0, at: now }) };
    const ids = new Set<string>();
    const rows = this.#env.range(feedKey(start.sequence), [FEED, after("9")]);
    let { sequence, offset, at } = start;
    let more = false;
    for (const { key, value } of rows) {
      const current = Number(key[1]);
      const changed = JSON.parse(value.text) as string[];
      // `offset` ids of the cursor's own commit were given before; later commits are given from their first id.
      let next = current === start.sequence ? start.offset : 0;
      while (next < changed.length && ids.size < Math.max(1, limit)) ids.add(changed[next++] as string);
      sequence = current;
      offset = next;
      at = value.at;
      more = next < changed.length;
      if (more) break;
    }
    const db = this.#env.fresh();
    const changes = [...ids].map((id): ItemChange => {
      const item = itemIn(db.get(itemKey(id)));
      return item ? { kind: "upsert", id, item } : { kind: "delete", id };
    });
    return { reset: false, changes, cursor: formatCursor({ sequence, offset, at: more ? at : now }), more };
  }

  async *scan(): AsyncGenerator<Item> {
    for await (const rows of this.#env.chunks([ITEM, ""], [after(ITEM), ""])) {
      for (const { value } of rows) {
        const item = itemIn(value);
        if (item) yield item;
      }
    }
  }

  /** Forgets deletions and commits of the feed that are older than the feed reaches back. Returns the rows removed. */
  async sweep(): Promise<number> {
    const before = this.#now() - this.#feedRetentionMs - SKEW_MS;
    let removed = 0;
    for await (const rows of this.#env.chunks([ITEM, ""], [after(ITEM), ""])) {
      const gone = rows.filter(({ value }) => value.text === DELETED && value.at < before);
      if (gone.length === 0) continue;
      await this.#commit((db) => {
        const changes = new Map<string, undefined>();
        for (const { key, value } of gone)
          if (db.get(key)?.at === value.at) changes.set(key[0].slice(ITEM.length), undefined);
        removed += changes.size;
        return { results: [], changes };
      });
    }
    const last = this.#lastSequence();
    for await (const rows of this.#env.chunks([FEED, ""], [FEED, after("9")])) {
      // The last commit stays: the next number is counted from it.
      const old = rows.filter(({ key, value }) => value.at < before && Number(key[1]) < last);
      await this.#env.write(0, (db) => old.map(({ key }) => db.remove(key)));
      removed += old.length;
      if (old.length < rows.length) break;
    }
    return removed;
  }

  #lastSequence(): number {
    for (const { key } of this.#env.rangeBackwards([FEED, ""], [FEED, after("9")], 1)) return Number(key[1]);
    return 0;
  }

  #commit<R>(plan: (db: RowDatabase) => Plan<R>): Promise<R[]> {
    const done = this.#last.then(() => this.#commitNow(plan));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #commitNow<R>(plan: (db: RowDatabase) => Plan<R>): Promise<R[]> {
    for (;;) {
      // The number first: rows that are newer than it mean that someone took the next one, and the write will say so.
      const sequence = this.#lastSequence() + 1;
      const { results, changes } = plan(this.#env.fresh());
      if (changes.size === 0) return results;
      const feed = textRow(this.#now(), JSON.stringify([...changes.keys()]));
      const [won] = await this.#env.write(feed.text.length, (db) => [
        db.ifNoExists(feedKey(sequence), () => {
          void db.put(feedKey(sequence), feed);
          for (const [id, row] of changes) void (row ? db.put(itemKey(id), row) : db.remove(itemKey(id)));
        }),
      ]);
      if (won) return results;
    }
  }
}

function itemIn(row: RowValue | undefined): Item | undefined {
  const text = row?.text;
  return text ? (JSON.parse(text) as Item) : undefined;
}

interface Cursor {
  /** The last commit that was read, and how many of its ids were given. */
  readonly sequence: number;
  readonly offset: number;
  /** Unix milliseconds up to which nothing is missing. */
  readonly at: number;
}

const formatCursor = ({ sequence, offset, at }: Cursor): string => `${sequence}.${offset}.${at}`;

function parseCursor(text: string | undefined): Cursor | undefined {
  const match = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/.exec(text ?? "");
  return match ? { sequence: Number(match[1]), offset: Number(match[2]), at: Number(match[3]) } : undefined;
}

/** The view of the test environment. */
export class ReadOnlyCatalogStore implements CatalogStore {
  readonly #live: CatalogStore;

  constructor(live: CatalogStore) {
    this.#live = live;
  }

  async upsert(): Promise<UpsertResult[]> {
    throw new EndcapError("catalogue_read_only");
  }
  async delete(): Promise<DeleteResult[]> {
    throw new EndcapError("catalogue_read_only");
  }
  get(ids: readonly string[]): Promise<(Item | undefined)[]> {
    return this.#live.get(ids);
  }
  changesSince(cursor: string | undefined, limit: number): Promise<ItemChanges> {
    return this.#live.changesSince(cursor, limit);
  }
  scan(): AsyncIterable<Item> {
    return this.#live.scan();
  }
}
