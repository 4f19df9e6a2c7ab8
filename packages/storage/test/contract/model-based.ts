/** Random commands against the tables and against plain Maps: whatever the order, both must give the same answers. */
import type { Event, Shopper } from "@endcap/protocol";
import type { AppendResult, ShopperKey, TenantTable } from "@endcap/storage";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Replica } from "./catalogue.ts";
import { iso, item, NOON, sha256, uuidAt } from "./fixtures.ts";
import type { TablesAdapter } from "./suite.ts";
import { type Bench, useTables } from "./use-tables.ts";

const MINUTE = 60_000;
/** Another seed at each run; a failure prints it, and SEED=… repeats it. */
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const SHOPPERS: readonly ShopperKey[] = [
  { kind: "anonymous", id: "a_1" },
  { kind: "anonymous", id: "a_2" },
  { kind: "user", id: "u#1" },
  { kind: "user", id: "a_1" },
];
const EVENTS = Array.from({ length: 12 }, (_, i) => ({ id: uuidAt(NOON - i * MINUTE), at: iso(NOON - i * MINUTE) }));
const BATCHES = Array.from({ length: 6 }, (_, i) => uuidAt(NOON + i * MINUTE));

interface Row {
  readonly digest: string;
  readonly events: readonly Event[];
  readonly expiresAt: number | undefined;
}

interface Model {
  readonly rows: Map<string, Row>;
  readonly links: Map<string, { userId: string; at: number }>;
  readonly items: Map<string, { updatedAt: number; there: boolean }>;
}

interface Real {
  readonly bench: Bench;
  table: TenantTable;
  replica: Replica;
}

type Command = fc.AsyncCommand<Model, Real>;
const command = (name: string, run: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  run,
  toString: () => name,
});

const rowKey = ({ kind, id }: ShopperKey, batchId: string) => `${kind} ${id} ${batchId}`;

function append(
  who: number,
  which: number,
  variant: number,
  eventNumbers: number[],
  minutesToLive: number | undefined,
): Command {
  const shopper = SHOPPERS[who % SHOPPERS.length] as ShopperKey;
  const batchId = BATCHES[which % BATCHES.length] as string;
  const own: Shopper = shopper.kind === "user" ? { userId: shopper.id } : { anonymousId: shopper.id };
  const events = eventNumbers.map(
    (n): Event => ({ ...(EVENTS[n] as { id: string; at: string }), type: "view_item", shopper: own }),
  );
  return command(
    `append ${rowKey(shopper, batchId)} v${variant} [${eventNumbers}] for ${minutesToLive} min`,
    async (model, real) => {
      const now = real.bench.now();
      const expiresAt = minutesToLive === undefined ? undefined : now + minutesToLive * MINUTE;
      const digest = `${variant} ${eventNumbers}`;
      const old = model.rows.get(rowKey(shopper, batchId));
      const [result] = await real.table.events.append([
        {
          batchId,
          digest: sha256(digest),
          receivedAt: now,
          ...(expiresAt !== undefined && { expiresAt }),
          parts: [{ shopper, events }],
        },
      ]);
      const expected: AppendResult = old === undefined ? "stored" : old.digest === digest ? "duplicate" : "changed";
      // A row that has expired may be gone already or may still be there.
      const gone = old?.expiresAt !== undefined && old.expiresAt <= now;
      if (!gone || result !== "stored") expect(result).toBe(expected);
      if (result === "stored") model.rows.set(rowKey(shopper, batchId), { digest, events, expiresAt });
    },
  );
}

function latest(anonymous: number | undefined, user: number | undefined, n: number): Command {
  const anonymousId = anonymous === undefined ? undefined : SHOPPERS[anonymous % 2]?.id;
  const userId = user === undefined ? undefined : SHOPPERS[2 + (user % 2)]?.id;
  return command(`latest ${anonymousId} ${userId} ${n}`, async (model, { bench, table }) => {
    const prefixes: string[] = [];
    if (anonymousId !== undefined) prefixes.push(rowKey({ kind: "anonymous", id: anonymousId }, ""));
    if (userId !== undefined) prefixes.push(rowKey({ kind: "user", id: userId }, ""));
    for (const [linked, link] of model.links)
      if (link.userId === userId) prefixes.push(rowKey({ kind: "anonymous", id: linked }, ""));
    const times = new Map<string, number>();
    for (const [key, row] of model.rows) {
      if (!prefixes.some((prefix) => key.startsWith(prefix))) continue;
      if (row.expiresAt !== undefined && row.expiresAt <= bench.now()) continue;
      for (const { id, at } of row.events) times.set(id, Date.parse(at));
    }
    const expected = [...times]
      .sort((a, b) => b[1] - a[1])
      .slice(0, n)
      .map(([id]) => id);
    const shopper: Shopper = {
      ...(anonymousId !== undefined && { anonymousId }),
      ...(userId !== undefined && { userId }),
    };
    expect((await table.events.latest(shopper, n)).map(({ id }) => id)).toEqual(expected);
  });
}

function link(anonymous: number, user: number): Command {
  const anonymousId = SHOPPERS[anonymous % 2]?.id as string;
  const userId = SHOPPERS[2 + (user % 2)]?.id as string;
  return command(`link ${anonymousId} ${userId}`, async (model, { bench, table }) => {
    const at = bench.now();
    const old = model.links.get(anonymousId);
    const expected = old === undefined ? "stored" : old.userId === userId ? "duplicate" : "other";
    expect(await table.events.link({ anonymousId, userId, at })).toBe(expected);
    if (!old) model.links.set(anonymousId, { userId, at });
    const links = await table.events.links(userId);
    const known = [...model.links].filter(([, each]) => each.userId === userId);
    expect(new Map(links.map((each) => [each.anonymousId, each.at]))).toEqual(
      new Map(known.map(([id, each]) => [id, each.at])),
    );
  });
}

function upsert(ids: number[], updatedAt: number): Command {
  return command(`upsert [${ids}] at ${updatedAt}`, async (model, { table }) => {
    const results = await table.catalogue.upsert(ids.map((id) => item(`i${id}`, NOON + updatedAt)));
    const expected = ids.map((id) => {
      const old = model.items.get(`i${id}`);
      if (old && old.updatedAt >= updatedAt) return "stale";
      model.items.set(`i${id}`, { updatedAt, there: true });
      return "stored";
    });
    expect(results).toEqual(expected);
  });
}

function remove(id: number, at: number): Command {
  return command(`delete ${id} at ${at}`, async (model, { table }) => {
    const old = model.items.get(`i${id}`);
    const expected = !old?.there ? "missing" : old.updatedAt > at ? "stale" : "deleted";
    expect(await table.catalogue.delete([`i${id}`], NOON + at)).toEqual([expected]);
    if (!old || old.updatedAt <= at) model.items.set(`i${id}`, { updatedAt: at, there: false });
  });
}

const follow = (limit: number): Command =>
  command(`follow the feed by ${limit}`, async (model, { table, replica }) => {
    await replica.follow(table.catalogue, limit);
    const there = [...model.items]
      .filter(([, { there }]) => there)
      .map(([id, { updatedAt }]) => [id, iso(NOON + updatedAt)]);
    expect(new Map([...replica.items].map(([id, found]) => [id, found.updatedAt]))).toEqual(
      new Map(there as [string, string][]),
    );
  });

const scan: Command = command("scan", async (model, { bench, table }) => {
  const found = new Set<string>();
  for await (const row of table.events.scan()) found.add(`${rowKey(row.shopper, row.batchId)} ${row.events.length}`);
  const alive = [...model.rows].filter(([, { expiresAt }]) => expiresAt === undefined || expiresAt > bench.now());
  expect(found).toEqual(new Set(alive.map(([key, { events }]) => `${key} ${events.length}`)));
});

const advance = (minutes: number): Command =>
  command(`advance ${minutes} min`, async (_, { bench }) => bench.advance(minutes * MINUTE));

const sweep: Command = command("sweep", async (model, real) => {
  await real.table.sweep();
  for (const [key, { expiresAt }] of model.rows)
    if (expiresAt !== undefined && expiresAt <= real.bench.now()) model.rows.delete(key);
});

const reopen: Command = command("go on in another process", async (_, real) => {
  await real.table.close();
  real.table = await real.bench.another().open(real.table.name);
});

const nat = (max: number) => fc.nat({ max });
const commands = fc.commands(
  [
    fc
      .tuple(
        nat(3),
        nat(5),
        nat(1),
        fc.array(nat(EVENTS.length - 1), { minLength: 1, maxLength: 4 }),
        fc.option(nat(40), { nil: undefined }),
      )
      .map((args) => append(...args)),
    fc
      .tuple(fc.option(nat(1), { nil: undefined }), fc.option(nat(1), { nil: undefined }), nat(8))
      .map((args) => latest(...args)),
    fc.tuple(nat(1), nat(1)).map((args) => link(...args)),
    fc.tuple(fc.array(nat(4), { minLength: 1, maxLength: 3 }), nat(20)).map((args) => upsert(...args)),
    fc.tuple(nat(4), nat(20)).map((args) => remove(...args)),
    fc.integer({ min: 1, max: 5 }).map(follow),
    fc.integer({ min: 1, max: 30 }).map(advance),
    fc.constant(scan),
    fc.constant(sweep),
    fc.constant(reopen),
  ],
  { maxCommands: 60, size: "max" },
);

export function modelBasedContract(adapter: TablesAdapter): void {
  describe(`${adapter.name}: any order of commands (seed ${seed})`, () => {
    // The feed outlives the longest run: an item's deletion is not forgotten meanwhile.
    const bench = useTables(adapter, { feedRetentionMs: 7 * 24 * 60 * MINUTE });
    let run = 0;

    it("answers as plain Maps do", { timeout: 60_000 }, async () => {
      const property = fc.asyncProperty(commands, async (list) => {
        // A tenant of its own for each run: erasing costs more than making.
        const tenant = `tnt-${String(++run)
          .replace(/\d/g, (digit) => "abcdefghij".charAt(Number(digit)))
          .padStart(16, "z")}`;
        const setup = async () => ({
          model: { rows: new Map(), links: new Map(), items: new Map() } satisfies Model,
          real: {
            bench,
            table: await bench.tables.open({ tenant, env: "live" }),
            replica: new Replica(),
          } satisfies Real,
        });
        await fc.asyncModelRun(setup, list);
      });
      await fc.assert(property, { seed, numRuns: 25, endOnFailure: false });
    });
  });
}
