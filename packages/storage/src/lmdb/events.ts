import { EndcapError, type Event, type Shopper, uuidV7Time } from "@endcap/protocol";
import {
  type AppendBatch,
  type AppendResult,
  type EventStore,
  LATEST,
  type Link,
  type LinkResult,
  type ScanRange,
  type StoredBatch,
} from "../ports/event-store.ts";
import type { ShopperKey } from "../ports/shopper.ts";
import { decodeEvents, encodeEvents, newestAtOf } from "../rows/events-text.ts";
import {
  after,
  EVENTS,
  eventsKey,
  LINKED,
  linkedKey,
  linkKey,
  parseLinked,
  type RowKey,
  shopperPk,
} from "../rows/keys.ts";
import { isExpired, type RowValue, storedBatch, textRow } from "../rows/raw-row.ts";
import { putArrival } from "./arrivals.ts";
import type { LmdbEnvironment } from "./environment.ts";
import { Newest } from "./newest.ts";
import type { RowDatabase } from "./row-database.ts";

const DIGEST_BYTES = 32;

interface NewRow {
  readonly key: RowKey;
  readonly value: RowValue;
}

export class LmdbEventStore implements EventStore {
  readonly #env: LmdbEnvironment;
  readonly #now: () => number;

  constructor(env: LmdbEnvironment, now: () => number) {
    this.#env = env;
    this.#now = now;
  }

  async append(batches: readonly AppendBatch[]): Promise<AppendResult[]> {
    const groups = batches.map(rowsOf);
    const db = this.#env.fresh();
    // What is there already is not worth a transaction. (Nor safe in numbers: lmdb-js never frees the compressed copy of
    // a value whose condition fails, so only lost races may get that far.)
    const fresh = groups.filter((rows) => !rows.some(({ key }) => db.doesExist(key)));
    const outcomes = await this.#env.write(bytesOf(fresh.flat()), (writer) =>
      fresh.flatMap((rows) => putAllIfAllAbsent(writer, rows, this.#now())),
    );
    const written = new Set<readonly NewRow[]>();
    // A batch has one outcome for each of its rows, in order.
    let at = 0;
    for (const rows of fresh) {
      if (outcomes.slice(at, at + rows.length).every(Boolean)) written.add(rows);
      at += rows.length;
    }
    const results: AppendResult[] = [];
    for (const rows of groups) results.push(written.has(rows) ? "stored" : await this.#againstStored(rows));
    return results;
  }

  /** Some of the rows were there: the same batch again, whole or in part, or another batch by the same id. */
  async #againstStored(rows: readonly NewRow[]): Promise<AppendResult> {
    const db = this.#env.fresh();
    const missing: NewRow[] = [];
    for (const row of rows) {
      const stored = db.get(row.key);
      if (!stored) missing.push(row);
      else if (stored.batch?.digest !== row.value.batch?.digest) return "changed";
    }
    if (missing.length === 0) return "duplicate";
    const absent = await this.#env.write(bytesOf(missing), (db) =>
      missing.map((row) => putIfAbsent(db, row, this.#now())),
    );
    return absent.every(Boolean) ? "stored" : this.#againstStored(rows);
  }

  async latest({ anonymousId, userId }: Shopper, n: number): Promise<Event[]> {
    const newest = new Newest(n);
    if (n <= 0) return [];
    const anonymousIds = new Set<string>();
    if (anonymousId !== undefined) anonymousIds.add(anonymousId);
    let left: number = LATEST.rowsMax;
    if (userId !== undefined) left = this.#collect({ kind: "user", id: userId }, newest, left, anonymousIds);
    for (const id of anonymousIds) left = this.#collect({ kind: "anonymous", id }, newest, left);
    return newest.list();
  }

  /**
   * Offers one partition's events, newest batch first, until older batches cannot matter. Returns how many rows may still
   * be looked at. A user's links come before the events on the same walk, as a second one costs as much as the first;
   * their anonymous ids are added to `linked`.
   */
  #collect(shopper: ShopperKey, newest: Newest, rowsLeft: number, linked?: Set<string>): number {
    const pk = shopperPk(shopper);
    const now = this.#now();
    let left = rowsLeft;
    let links = 0;
    for (const { key, value } of this.#env.rangeBackwards([pk, EVENTS], [pk, after(linked ? LINKED : EVENTS)])) {
      if (linked && key[1].startsWith(LINKED)) {
        if (links++ < LATEST.linksMax) linked.add(parseLinked(key[1]).anonymousId);
        continue;
      }
      if (left-- === 0) return 0;
      const threshold = newest.threshold;
      if (value.at >= threshold) {
        if (isExpired(value, now)) continue;
        const events = decodeEvents(shopper, value.text);
        for (let i = events.length - 1; i >= 0; i--) newest.offer(events[i] as Event);
      } else {
        const batchTime = uuidV7Time(key[1].slice(EVENTS.length));
        if (batchTime !== null && batchTime + LATEST.slackMs < threshold) break;
      }
    }
    return left;
  }

  async link({ anonymousId, userId, at }: Link): Promise<LinkResult> {
    const key = linkKey(anonymousId);
    const reverse = linkedKey(userId, at, anonymousId);
    const [absent] = await this.#env.write(userId.length, (db) => [
      db.ifNoExists(key, () => {
        void db.put(key, textRow(at, userId));
        void db.put(reverse, textRow(at, ""));
      }),
    ]);
    if (absent) return "stored";
    const stored = this.#env.get(key);
    return stored && stored.text === userId ? "duplicate" : "other";
  }

  async links(userId: string): Promise<Link[]> {
    const pk = shopperPk({ kind: "user", id: userId });
    const links: Link[] = [];
    for (const { key } of this.#env.rangeBackwards([pk, LINKED], [pk, after(LINKED)], LATEST.linksMax))
      links.push({ userId, ...parseLinked(key[1]) });
    return links;
  }

  async *scan({ from = 0, to = Number.POSITIVE_INFINITY }: ScanRange = {}): AsyncGenerator<StoredBatch> {
    for await (const rows of this.#env.chunks(["S#", ""], [after("S#"), ""])) {
      const now = this.#now();
      for (const { key, value } of rows) {
        if (!key[1].startsWith(EVENTS) || isExpired(value, now)) continue;
        const receivedAt = value.batch?.receivedAt ?? 0;
        if (receivedAt >= from && receivedAt < to) yield storedBatch({ pk: key[0], sk: key[1], ...value });
      }
    }
  }
}

function rowsOf({ batchId, digest, receivedAt, expiresAt, parts }: AppendBatch): NewRow[] {
  if (digest.length !== DIGEST_BYTES)
    throw new EndcapError("invalid_request", { internal: `a digest has ${DIGEST_BYTES} bytes` });
  const digestText = Buffer.from(digest).toString("latin1");
  return parts.map(({ shopper, events }) => ({
    key: eventsKey(shopperPk(shopper), batchId),
    value: {
      at: newestAtOf(events),
      text: encodeEvents(shopper, events),
      expiresAt,
      batch: { receivedAt, count: events.length, digest: digestText },
    },
  }));
}

const bytesOf = (rows: readonly NewRow[]): number => rows.reduce((sum, { value }) => sum + value.text.length, 0);

function putIfAbsent(db: RowDatabase, row: NewRow, now: number): Promise<boolean> {
  return db.ifNoExists(row.key, () => put(db, row, now));
}

/** A row and its place in the feed of arrivals. */
function put(db: RowDatabase, { key, value }: NewRow, now: number): void {
  void db.put(key, value);
  putArrival(db, key, value, now);
}

/** One outcome a row; all rows are written, or, where any was there before, none. */
function putAllIfAllAbsent(db: RowDatabase, rows: readonly NewRow[], now: number): Promise<boolean>[] {
  const outcomes: Promise<boolean>[] = [];
  const from = (i: number): void => {
    const row = rows[i];
    if (row) outcomes.push(db.ifNoExists(row.key, () => from(i + 1)));
    else for (const each of rows) put(db, each, now);
  };
  from(0);
  return outcomes;
}
